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

interface PcSnapshot {
  readonly child: ChildProcess;
  /** What it saw since the last {@link forget}. */
  readonly events: { readonly event: string; readonly value: unknown }[];
  last(event: string): unknown;
  forget(): void;
}

function startProcess(url: string): PcSnapshot {
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

async function works(seen: PcSnapshot): Promise<void> {
  seen.forget();
  await eventually(() => {
    expect(seen.last('published')).toBe('stored');
    expect(seen.last('read')).toBe('absent');
    expect(seen.last('objects')).toBe(0);
  });
}

/** Everything fails, and is said to; nothing waits for ever, and the process lives. */
async function isShown(seen: PcSnapshot): Promise<void> {
  await eventually(() => {
    expect(seen.last('forbidden')).toEqual(['_INBOX.>']);
    expect(seen.last('published')).toBe('unavailable');
    expect(seen.last('read')).toBe('failed');
    expect(seen.last('objects')).toBe(null);
    for (const value of ['agent_config', 'agent_groups']) {
      expect(seen.events).toContainEqual({ event: 'missing', value });
    }
  });
}

// A reload is asked for by a signal that Windows does not have.
test.skipIf(process.platform === 'win32')(
  'a role without _INBOX.> is shown, ends nothing, and heals when the permission comes',
  async () => {
    const { server, reload } = await startReloadableServer(WITHOUT);
    await provisionedOperator(server, { user: 'operator', pass: 'operator' });
    const seen = startProcess(server.url);
    await isShown(seen);
    seen.forget();
    reload(WITH);
    await eventually(() => {
      expect(seen.last('forbidden')).toEqual([]);
      for (const value of ['agent_config', 'agent_groups']) {
        expect(seen.events).toContainEqual({ event: 'current', value });
      }
      expect(seen.events).toContainEqual({ event: 'bound', value: true });
    });
    expect(seen.last('link')).toBeUndefined();
    await works(seen);
    seen.child.kill('SIGTERM');
    expect(await once(seen.child, 'exit')).toEqual([0, null]);
  },
);

test.skipIf(process.platform === 'win32')(
  '_INBOX.> that is taken back under a live connection is the same, again and again',
  async () => {
    const { server, reload } = await startReloadableServer(WITH);
    await provisionedOperator(server, { user: 'operator', pass: 'operator' });
    const seen = startProcess(server.url);
    await works(seen);
    for (const _round of [1, 2]) {
      seen.forget();
      reload(WITHOUT);
      await isShown(seen);
      reload(WITH);
      await eventually(() => expect(seen.last('forbidden')).toEqual([]));
      await works(seen);
    }
    expect(seen.child.exitCode).toBeNull();
  },
);
