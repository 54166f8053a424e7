/** A screen and a session bus for programs with windows. Invariant: nobody else's, and both end with the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { onPath } from '../../scripts/bootstrap/paths.mjs';
import { ManagedProcess } from '../../scripts/lib/managed-process.ts';

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
  const screen = started('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp']);
  const bus = started('dbus-daemon', ['--session', '--nofork', '--print-address=1']);
  const [number, busAddress] = await Promise.all([firstLine(screen), firstLine(bus)]);
  return { env: { DISPLAY: `:${number}`, DBUS_SESSION_BUS_ADDRESS: busAddress }, busAddress };
}

/** Ended with the test. */
function started(program: string, args: readonly string[]): Readable {
  const child = new ManagedProcess(() => spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }), { stopMs: 0 });
  onTestFinished(() => child.kill());
  return child.start().stdout as Readable;
}

async function firstLine(stream: Readable): Promise<string> {
  const [line] = (await once(createInterface({ input: stream }), 'line')) as [string];
  return line.trim();
}
