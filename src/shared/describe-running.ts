/** How far a running task is, by how long it usually takes, which nobody knows for sure, so nothing is promised; and who can stop it. */
import type { I18n } from './i18n/i18n.ts';
import type { RunningRow } from './run-view.ts';
import { MINUTE_MS } from './time-units.ts';

export interface Progress {
  /** 0 to 1 of the usual time; null: how long it takes is not known, or it takes longer already. */
  readonly fraction: number | null;
  /** "usually 2 min", "longer than usual (2 min)"; null: not known. */
  readonly said: string | null;
}

/** Whether these, which run, can be stopped by IT: a kill goes by the id of an execution, and needs a connection. null: some can. */
export function whoCanStop(
  running: readonly Pick<RunningRow, 'stoppable'>[],
  isConnected: boolean,
  i18n: I18n,
): string | null {
  const without = running.filter(({ stoppable }) => stoppable === false).length;
  // A connection changes nothing of that.
  if (without === running.length) return i18n.t('running.noStop');
  if (without > 0) return null;
  return i18n.t(isConnected ? 'running.stop' : 'running.stop.offline');
}

export function progressOf(
  { usualMs, startedAtMs }: Pick<RunningRow, 'usualMs' | 'startedAtMs'>,
  i18n: I18n,
  nowMs: number,
): Progress {
  if (usualMs === null || startedAtMs === null) return { fraction: null, said: null };
  const ranMs = Math.max(0, nowMs - startedAtMs);
  // To the nearest minute: two minutes less a second are not one.
  const usual = i18n.roughly(usualMs < MINUTE_MS ? Math.max(1_000, usualMs) : usualMs + MINUTE_MS / 2);
  // A second more is not longer than usual.
  if (ranMs > Math.max(usualMs * 1.25, usualMs + 5_000)) {
    return { fraction: null, said: i18n.t('running.longer', { usual }) };
  }
  return { fraction: usualMs === 0 ? 1 : Math.min(1, ranMs / usualMs), said: i18n.t('running.usual', { usual }) };
}
