/** A screen and a session bus for programs with windows. Invariant: nobody else's, and both end with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { onPath } from '../../scripts/lib/paths.mjs';

export interface Display {
  /** `DISPLAY` and `DBUS_SESSION_BUS_ADDRESS`, for the programs on it. */
  readonly env: Readonly<Record<string, string>>;
  readonly busAddress: string;
}

/** Why there can be none here; null: there can. */
export const noDisplay: string | null = ['Xvfb', 'dbus-daemon'].every((name) => onPath(name))
  ? null
  : 'Xvfb or dbus-daemon is not installed';

export async function startDisplay(): Promise<Display> {
  // It chooses a free number itself and says which.
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const child of [screen, bus]) onTestFinished(() => end(child));
  const [number, busAddress] = await Promise.all([firstLine(screen.stdio[3]), firstLine(bus.stdout)]);
  return { env: { DISPLAY: `:${number}`, DBUS_SESSION_BUS_ADDRESS: busAddress }, busAddress };
}

async function firstLine(stream: ChildProcess['stdio'][number] | undefined): Promise<string> {
  const lines = createInterface({ input: stream as Readable });
  const [line] = (await once(lines, 'line')) as [string];
  return line.trim();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}
