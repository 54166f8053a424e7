import { expect, test } from 'vitest';
import { connectedBus, linkState, recordLog, startReloadableServer } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { operator } from '../../../test/support/fleet.ts';
import type { NatsBus } from './nats-bus.ts';
import type { Credentials } from './sign-in.ts';

const AS_PC = (): Credentials[] => [{ kind: 'user', user: 'pc', password: 'p' }];
const users = (deny: string) =>
  `authorization { users: [ { user: pc, password: p, permissions: { subscribe: { deny: "${deny}" } } } ] }`;

function listen(bus: NatsBus, subject: string, optional = false) {
  const heard: string[] = [];
  const refused: string[] = [];
  const record = ({ data }: { data: Uint8Array }) => void heard.push(Buffer.from(data).toString());
  const binding = bus.subscribe(subject, record, (why) => void refused.push(why), { optional });
  return { heard, refused, binding };
}

function hears(bus: NatsBus, subject: string, heard: readonly string[], body: string): Promise<void> {
  return eventually(() => {
    bus.publish(subject, Buffer.from(body));
    expect(heard).toContain(body);
  });
}

// A reload is asked for by a signal that Windows does not have.
test.skipIf(process.platform === 'win32')(
  'a subscription that is refused is shown, and heals on the same connection when the broker allows it',
  async () => {
    const { server, reload } = await startReloadableServer(users('secret.>'));
    const { logger, lines } = recordLog();
    const bus = await connectedBus(server.url, { credentials: AS_PC, log: logger });
    const secret = listen(bus, 'secret.x');
    const open = listen(bus, 'test.x');
    await eventually(() => expect(secret.refused).toHaveLength(1));
    expect(secret.refused[0]).toMatch(/permission/i);
    expect(bus.forbidden.value).toEqual(['secret.x']);
    // Asked for again and again meanwhile, said and told once.
    await eventually(() => expect(server.log.split('Subscription Violation').length).toBeGreaterThan(3));
    expect(secret.refused).toHaveLength(1);
    expect(lines.filter((line) => line.includes('WARN') && line.includes('secret.x'))).toHaveLength(1);
    await hears(bus, 'test.x', open.heard, 'the others live');

    const connections: unknown[] = [];
    bus.link.watch((link) => void connections.push(link));
    reload(users('nothing.>'));
    await hears(bus, 'secret.x', secret.heard, 'healed');
    await eventually(() => expect(bus.forbidden.value).toEqual([]));
    expect(connections).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')(
  'a subscription that is taken back under a live connection is noticed, and comes back with the permission',
  async () => {
    const { server, reload } = await startReloadableServer(users('nothing.>'));
    const bus = await connectedBus(server.url, { credentials: AS_PC });
    const one = listen(bus, 'secret.x');
    const two = listen(bus, 'secret.x');
    await hears(bus, 'secret.x', one.heard, 'before');
    for (const round of [1, 2]) {
      reload(users('secret.>'));
      await eventually(() => {
        expect(one.refused).toHaveLength(round);
        expect(two.refused).toHaveLength(round);
        expect(bus.forbidden.value).toEqual(['secret.x']);
      });
      reload(users('nothing.>'));
      await hears(bus, 'secret.x', one.heard, `after ${round}`);
      await hears(bus, 'secret.x', two.heard, `after ${round}`);
      await eventually(() => expect(bus.forbidden.value).toEqual([]));
    }
    // One message, one call: no second subscription is left behind.
    bus.publish('secret.x', Buffer.from('once'));
    await hears(bus, 'secret.x', one.heard, 'done');
    expect(one.heard.filter((body) => body === 'once')).toHaveLength(1);
  },
);

test.skipIf(process.platform === 'win32')(
  'one that may well be refused is asked for once per connection, and neither shown nor warned of',
  async () => {
    const { server } = await startReloadableServer(users('heartbeat.>'));
    const { logger, lines } = recordLog();
    const bus = await connectedBus(server.url, { credentials: AS_PC, log: logger });
    const own = listen(bus, 'heartbeat.PC-A', true);
    const violations = () => server.log.split('Subscription Violation').length - 1;
    await eventually(() => expect(own.refused).toHaveLength(1));
    const other = listen(bus, 'heartbeat.PC-B');
    // Another one is asked for several times meanwhile.
    await eventually(() => expect(violations()).toBeGreaterThan(4));
    other.binding.close();
    expect(server.log.split('Subject "heartbeat.PC-A"')).toHaveLength(2);
    expect(bus.forbidden.value).not.toContain('heartbeat.PC-A');
    expect(lines.filter((line) => line.includes('WARN') && line.includes('PC-A'))).toEqual([]);

    const ended = linkState(bus, 'unreachable');
    bus.reconnect();
    await ended;
    await linkState(bus, 'connected');
    await eventually(() => expect(own.refused).toHaveLength(2));
  },
);

test.skipIf(process.platform === 'win32')(
  'answers that were forbidden are no longer said to be once they are permitted, on the same connection',
  async () => {
    const role = (deny: string) => `authorization { users: [
      { user: operator, password: p }
      { user: pc, password: p, permissions: { publish: { deny: "${deny}" } } }
    ] }`;
    const { server, reload } = await startReloadableServer(role('_INBOX.>'));
    const nc = await operator(server, { user: 'operator', pass: 'p' });
    const bus = await connectedBus(server.url, { credentials: AS_PC, askAgainMs: 100 });
    bus.subscribe('test.ask', (message) => void message.respond(Buffer.from('yes')));
    const ask = () => nc.request('test.ask', '', { timeout: 300 });
    await eventually(async () => {
      await expect(ask()).rejects.toThrow('timeout');
      expect(bus.forbidden.value).toEqual(['_INBOX.>']);
    });
    reload(role('nothing'));
    await eventually(async () => {
      expect((await ask()).string()).toBe('yes');
      expect(bus.forbidden.value).toEqual([]);
    });
  },
);
