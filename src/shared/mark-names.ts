/** The silhouettes that tell states and outcomes apart; their paths are drawn in `assets`, generated into `marks.ts`. */

/** State of the whole, in tray and window (ui §2). */
export type TrayMark = 'idle' | 'running' | 'attention' | 'offline' | 'broken';

/** Outcome of one task (ui §3). */
export type OutcomeMark = 'done' | 'skipped' | 'stopped' | 'too_long' | 'failed' | 'unknown' | 'running' | 'waiting';
