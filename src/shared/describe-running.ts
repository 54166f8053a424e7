/** How far a running task is, by how long it usually takes. Nobody knows it for sure, so nothing is promised. */
import type { I18n } from './i18n/i18n.ts';
import type { RunningRow } from './run-view.ts';

export interface Progress {
  /** 0 to 1 of the usual time; null: how long it takes is not known, or it takes longer already. */
  readonly fraction: number | null;
  /** "usually 2 min", "longer than usual (2 min)"; null: not known. */
  readonly said: string | null;
}

export function progressOf(
  { usualMs, startedAtMs }: Pick<RunningRow, 'usualMs' | 'startedAtMs'>,
  i18n: I18n,
  nowMs: number,
): Progress {
  if (usualMs === null || startedAtMs === null) return { fraction: null, said: null };
  const ranMs = Math.max(0, nowMs - startedAtMs);
  const usual = i18n.roughly(Math.max(1_000, usualMs));
  // A second more is not longer than usual.
  if (ranMs > Math.max(usualMs * 1.25, usualMs + 5_000)) {
    return { fraction: null, said: i18n.t('running.longer', { usual }) };
  }
  return { fraction: usualMs === 0 ? 1 : Math.min(1, ranMs / usualMs), said: i18n.t('running.usual', { usual }) };
}
