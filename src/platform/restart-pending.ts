/** Whether the operating system waits for a restart. Where it can't be told, it does not. */
import { access } from 'node:fs/promises';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import { type Watched, WatchedCell } from '../base/watched.ts';
import type { FactsShell } from './hardware/powershell.ts';

const REFRESH_MS = 10 * 60_000;

/** Written by Debian's package scripts, gone after the restart. */
const DEBIAN_FLAG = '/run/reboot-required';

/**
 * The flags of component servicing and of Windows Update. Not `PendingFileRenameOperations`: browsers that update
 * themselves set it every other day, and a hint that is always there is none.
 */
const WINDOWS_FLAGS = [
  'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending',
  'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired',
];

export interface RestartPending {
  readonly pending: Watched<boolean>;
  close(): void;
}

export interface RestartPendingOptions {
  /** One check; rejects where it can't be told. */
  readonly check: (signal: AbortSignal) => Promise<boolean>;
  readonly log: Logger;
  readonly refreshMs?: number;
}

/** Checks at once and every 10 minutes. */
export function startRestartPending({ check, log, refreshMs = REFRESH_MS }: RestartPendingOptions): RestartPending {
  const pending = new WatchedCell(false);
  const closing = new AbortController();
  const { signal } = closing;
  const run = async () => {
    while (!signal.aborted) {
      try {
        pending.set(await check(signal));
      } catch (error) {
        if (!signal.aborted) log.debug('whether a restart is pending can not be told', { error: errorText(error) });
      }
      await sleep(refreshMs, signal).catch(() => {});
    }
  };
  void run();
  return { pending, close: () => closing.abort(new Error('closed')) };
}

/** The check that fits this operating system. */
export function checkPendingRestart(
  shell: FactsShell,
  platform: NodeJS.Platform = process.platform,
  debianFlag: string = DEBIAN_FLAG,
): (signal: AbortSignal) => Promise<boolean> {
  if (platform === 'win32') return (signal) => windowsWaits(shell, signal);
  if (platform === 'linux') return () => fileExists(debianFlag);
  return async () => false;
}

async function windowsWaits(shell: FactsShell, signal: AbortSignal): Promise<boolean> {
  const paths = WINDOWS_FLAGS.map((path) => `'${path}'`).join(', ');
  const answer = await shell.ask(`@(Test-Path -LiteralPath ${paths}) -contains $true`, signal);
  if (typeof answer !== 'boolean') throw new Error('PowerShell answered with something else than yes or no');
  return answer;
}

function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
