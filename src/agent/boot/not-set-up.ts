/**
 * Settings that are missing, unusable or not to be trusted, under a service manager or a tray: not the end, but a state that is shown with
 * file, line and key. The files are read again when they change (architecture §4).
 */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { errorText, lineLogger } from '../../base/logger.ts';
import { systemJournal } from '../../platform/system-journal.ts';
import { directoriesOf, startDirectory } from '../../shared/directories.ts';
import type { HostMode } from '../../shared/states.ts';
import type { Loaded } from '../config/load.ts';
import { EVENT } from '../duties/system-events.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { type ReadinessCheck, waitUntilClear } from './standby.ts';

type Usable = Extract<Loaded, { ok: true }>;
type Unusable = Extract<Loaded, { ok: false }>;

/** How often the files are polled; a change on a network share sends no event. */
const POLL_EVERY_MS = 2_000;

export interface WaitForSettingsOptions {
  readonly loaded: Unusable;
  readonly startedAs: HostMode;
  readonly hostSecret: Uint8Array | null;
  readonly reload: () => Loaded;
  readonly version: string;
}

/** Serves the state until the settings are usable (then they are returned) or it is asked to stop (an exit code). */
export async function waitForSettings(options: WaitForSettingsOptions): Promise<Usable | number> {
  const { startedAs, hostSecret, version } = options;
  const log = lineLogger(
    (line) => process.stdout.write(`${line}\n`),
    () => 'info',
  );
  let unusable = options.loaded;
  const say = (text: string) => {
    log.error(text, { state: unusable.state, faults: unusable.message });
    const isJournalled = startedAs === 'service' && unusable.state !== 'not_set_up';
    if (isJournalled) systemJournal()?.write(EVENT.settingsInvalid, 'error', `${text}: ${unusable.message}`);
  };
  say('the settings can not be used');
  let seen = stamps(unusable.files);
  const check = (): ReadinessCheck<Usable> => {
    const now = stamps(unusable.files);
    // Who may change a file, and whether somebody else holds it or a registry key can be read, is not seen by a time.
    const touched = now !== seen;
    seen = now;
    const loaded = options.reload();
    if (loaded.ok) return { kind: 'clear', value: loaded };
    const isSame = loaded.state === unusable.state && loaded.message === unusable.message;
    if (isSame && !touched) return { kind: 'held_up', by: unusable };
    unusable = loaded;
    say('the settings can still not be used');
    return { kind: 'held_up', by: unusable };
  };
  const { env, platform } = process;
  const { agentDir } = directoriesOf({ startedAs, platform, env, cwd: startDirectory(), home: homedir() });
  const settings = () => unusable.shown;
  const waiting = { startedAs, directory: agentDir, settings, hostSecret, version, pollEveryMs: POLL_EVERY_MS, log };
  return (await waitUntilClear(unusable, check, waiting)) ?? EXIT.stopped;
}

/** Changes whenever one of the files does, or appears. */
function stamps(files: readonly string[]): string {
  return files.map(stampOf).join('|');
}

function stampOf(file: string): string {
  try {
    return String(statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 'none');
  } catch (error) {
    // Not allowed to read it, a loop of links: a state like any other, that may change.
    return errorText(error);
  }
}
