import type { OutcomeMark, TrayMark } from './mark-names.ts';

const X = 'M2 2h12v12H2z';
export const OUTCOME_MARKS: Readonly<Record<OutcomeMark, string>> = {
  done: X,
  skipped: X,
  stopped: X,
  too_long: X,
  failed: X,
  unknown: X,
  running: X,
  waiting: X,
};
export const TRAY_MARKS: Readonly<Record<TrayMark, string>> = {
  idle: X,
  running: X,
  attention: X,
  offline: X,
  broken: X,
};
