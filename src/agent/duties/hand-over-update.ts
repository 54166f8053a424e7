/**
 * A version that lies ready goes to the set-up that comes with it, which puts it into its place, stops us and starts it (Windows).
 * Invariant: we go on until the set-up stops us; where it does not come to that, nothing has changed.
 */
import { writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { HANDED_OVER } from '../../base/handed-over.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { removeLargeQuietly } from '../../base/remove-quietly.ts';
import { sleep } from '../../base/sleep.ts';
import { runProgram } from '../../platform/run-program.ts';
import { shownVersion } from '../../platform/shown-version.ts';
import { type Installation, programIn, setupIn } from '../update/installation.ts';
import type { Offer } from './release-lookup.ts';

/** It copies Node and the agent, and starts a service with them. */
const HANDS_OVER_MS = 120_000;
/** Nothing runs here any more; another set-up may be at work. */
const STOPS_US_MS = 5 * 60_000;
const SHOWS_MS = 60_000;
const KEPT_CHARS = 1_000;

export interface HandOverOptions {
  readonly installation: Installation;
  readonly offer: Offer;
  readonly log: Logger;
  /** Aborted once we are stopped. */
  readonly signal: AbortSignal;
}

/** Resolves to why it has not come to a switch; rejects with the signal's reason. */
export async function handOverUpdate({ installation, offer, log, signal }: HandOverOptions): Promise<string> {
  const { release, manifest } = offer;
  const ready = installation.readyDirectory(release.version);
  const [tree, staged] = [installation.treeIn(ready), installation.packageIn(ready)];
  // Beside what the set-up moves.
  const commandLine = join(ready, 'command-line.txt');
  const words = ['kanade-tray-update', '/S', ...(release.allow_downgrade ? ['/ALLOWDOWNGRADE=1'] : [])];
  writeFileSync(commandLine, words.join(' '), 'utf16le');
  const runner = await makeRunner(ready, tree);
  const paths = ['--root', installation.root, '--staged', staged, '--command-line', commandLine];
  const trial = ['--trial', `${release.serial}:${manifest}`];
  const { code, stdout, stderr } = await runProgram(
    programIn(runner),
    [setupIn(runner), 'install', ...paths, ...trial],
    {
      env: process.env,
      cwd: installation.root,
      limitMs: HANDS_OVER_MS,
      signal,
    },
  );
  const said = `${stdout}${stderr}`.trim().slice(-KEPT_CHARS);
  if (code !== HANDED_OVER) return `the set-up ended with ${code ?? 'nothing'}: ${said}`;
  log.info('the set-up of the new version goes on', { version: release.version, said });
  await sleep(STOPS_US_MS, signal);
  return 'the set-up has not stopped this agent; its log says why';
}

/** The set-up moves what is to be installed, and Windows moves no directory from which a program runs. */
async function makeRunner(ready: string, tree: string): Promise<string> {
  const runner = join(ready, 'runner');
  await removeLargeQuietly(runner);
  for (const part of ['node', 'agent']) await cp(join(tree, part), join(runner, part), { recursive: true });
  return runner;
}

/** After one was taken back, or a set-up was cut off: what people start, and the list of apps, say another version than ours. */
export async function showOwnVersion(
  { installation, log, signal }: Pick<HandOverOptions, 'installation' | 'log' | 'signal'>,
  version: string,
): Promise<void> {
  if (installation.putBy !== 'setup' || shownVersion(installation.root) === version) return;
  const tree = installation.directoryOf(version);
  try {
    const { code, stdout, stderr } = await runProgram(
      programIn(tree),
      [setupIn(tree), 'show', '--root', installation.root],
      { env: process.env, cwd: installation.root, limitMs: SHOWS_MS, signal },
    );
    if (code === 0) log.info('people start this version again', { version });
    else log.warn('what people start could not be made this version', { version, said: `${stdout}${stderr}`.trim() });
  } catch (error) {
    if (!signal.aborted) throw error;
    log.debug('stopped before people start this version', { error: errorText(error) });
  }
}
