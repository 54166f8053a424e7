/** No answer of a broker ends the process: here one that does not let its agents hear any answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startReloadableServer } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import { provisionedOperator } from '../../test/support/fleet.ts';

const users = (subscribe: string) => `authorization { users: [
  { user: operator, password: operator }
  { user: agent, password: agent, permissions: { publish: ">", subscribe: ${subscribe} } }
] }`;
const WITH = users('[">"]');
const WITHOUT = users('["commands.>"]');

interface BusProcess {
  readonly child: ChildProcess;
  /** What it saw since the last {@link forget}. */
  readonly events: { readonly event: string; readonly value: unknown }[];
  last(event: string): unknown;
  forget(): void;
}

function startProcess(url: string): BusProcess {
  const program = new URL('../../test/support/bus-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, url, 'agent', 'agent'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const events: { event: string; value: unknown }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => void events.push(JSON.parse(line)));
  return {
    child,
    events,
    last: (event) => events.findLast((each) => each.event === event)?.value,
    forget: () => void events.splice(0),
  };
}

async function works(bus: BusProcess): Promise<void> {
  bus.forget();
  await eventually(() => {
    expect(bus.last('published')).toBe('stored');
    expect(bus.last('read')).toBe('absent');
    expect(bus.last('objects')).toBe(0);
  });
}

/** Everything fails, and is said to; nothing waits for ever, and the process lives. */
async function isShown(bus: BusProcess): Promise<void> {
  await eventually(() => {
    expect(bus.last('forbidden')).toEqual(['_INBOX.>']);
    expect(bus.last('published')).toBe('unavailable');
    expect(bus.last('read')).toBe('failed');
    expect(bus.last('objects')).toBe(null);
    for (const value of ['agent_config', 'agent_groups']) {
      expect(bus.events).toContainEqual({ event: 'missing', value });
    }
  });
}

// A reload is asked for by a signal that Windows does not have.
test.skipIf(process.platform === 'win32')(
  'a role without _INBOX.> is shown, ends nothing, and heals when the permission comes',
  async () => {
    const { server, reload } = await startReloadableServer(WITHOUT);
    await provisionedOperator(server, { user: 'operator', pass: 'operator' });
    const bus = startProcess(server.url);
    await isShown(bus);
    bus.forget();
    reload(WITH);
    await eventually(() => {
      expect(bus.last('forbidden')).toEqual([]);
      for (const value of ['agent_config', 'agent_groups']) {
        expect(bus.events).toContainEqual({ event: 'current', value });
      }
      expect(bus.events).toContainEqual({ event: 'bound', value: true });
    });
    expect(bus.last('link')).toBeUndefined();
    await works(bus);
    bus.child.kill('SIGTERM');
    expect(await once(bus.child, 'exit')).toEqual([0, null]);
  },
);

test.skipIf(process.platform === 'win32')(
  '_INBOX.> that is taken back under a live connection is the same, again and again',
  async () => {
    const { server, reload } = await startReloadableServer(WITH);
    await provisionedOperator(server, { user: 'operator', pass: 'operator' });
    const bus = startProcess(server.url);
    await works(bus);
    for (const _round of [1, 2]) {
      bus.forget();
      reload(WITHOUT);
      await isShown(bus);
      reload(WITH);
      await eventually(() => expect(bus.last('forbidden')).toEqual([]));
      await works(bus);
    }
    expect(bus.child.exitCode).toBeNull();
  },
);
