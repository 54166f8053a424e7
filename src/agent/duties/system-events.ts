/** What of the agent's life goes into the journal of the operating system (docs/events.md). */
import type { Watched } from '../../base/watched.ts';
import type { Severity, SystemJournal } from '../../platform/system-journal.ts';
import { OUTCOMES, type Reason } from '../../shared/outcomes.ts';
import type { LinkStatus } from '../bus/bus.ts';
import type { History } from '../store/history.ts';
import type { EndedRun } from '../store/runs.ts';
import type { UndoneUpdate } from '../store/update-notes.ts';

/** Fixed for ever: IT filters by them. */
export const EVENT = {
  started: 1000,
  stopped: 1001,
  settingsInvalid: 1100,
  signInRefused: 1101,
  run: 1200,
  killed: 1201,
  refused: 1202,
  updateUndone: 1300,
} as const;

export interface SystemEventsOptions {
  readonly journal: SystemJournal;
  readonly version: string;
  readonly pcId: string;
  readonly link: Watched<LinkStatus>;
  readonly history: Pick<History, 'get'>;
  /** Calls the listener after each end that is on the disk; returns how to end that. */
  readonly onEnded: (listener: (ended: EndedRun) => void) => () => void;
  /** As that, for versions that were taken back or are none for this PC. */
  readonly onUndone: (listener: (undone: UndoneUpdate) => void) => () => void;
  /** `[ui] hide_command_names`: everybody at this PC can read the journal. */
  readonly hidesNames: boolean;
}

/** Says the start at once, and the stop when it is closed. */
export function startSystemEvents(options: SystemEventsOptions): { close(): void } {
  const { journal, version, pcId, link, onEnded } = options;
  journal.write(EVENT.started, 'info', `version ${version} started for ${pcId}`);
  let refused = false;
  const unwatch = link.watch(({ state, why }) => {
    if (state === 'refused' && !refused)
      journal.write(EVENT.signInRefused, 'error', `the server refuses the sign-in: ${why ?? 'no reason given'}`);
    // Each retry says it again, and the journal is not the place for that.
    if (state === 'refused') refused = true;
    else if (state === 'connected') refused = false;
  });
  const unlisten = onEnded((ended) => writeEnd(ended, options));
  const unlistenUpdates = options.onUndone(({ version: undone, serial, why }) => {
    journal.write(EVENT.updateUndone, 'warning', `version ${undone} is not used: ${why}, release ${serial}`);
  });
  return {
    close() {
      unwatch();
      unlisten();
      unlistenUpdates();
      journal.write(EVENT.stopped, 'info', `version ${version} stopped`);
    },
  };
}

function writeEnd({ run, reason, exitCode }: EndedRun, { journal, history, hidesNames }: SystemEventsOptions): void {
  const record = history.get(run);
  const parts = [
    hidesNames ? null : (record?.title ?? record?.manifestId ?? null),
    `request ${record?.requestId ?? 'without a usable id'}`,
    reason,
    exitCode === null ? null : `exit code ${exitCode}`,
    OUTCOMES[reason].event === 'run' ? null : (record?.detail ?? null),
  ];
  const [id, severity] = kindOf(reason);
  journal.write(id, severity, parts.filter((part) => part !== null).join(', '));
}

function kindOf(reason: Reason): readonly [number, Severity] {
  return [EVENT[OUTCOMES[reason].event], reason === 'DONE' ? 'info' : 'warning'];
}
