/** Made from the drawings in `assets/source` by `npm run icons`. */
import type { OutcomeMark, TrayMark } from './mark-names.ts';

/** Path data on a grid of 16 units: `badge` is drawn over `shape` without `gap`. */
export interface Mark {
  readonly shape: string;
  readonly gap: string | null;
  readonly badge: string | null;
}

export const OUTCOME_MARKS: Readonly<Record<OutcomeMark, Mark>> = {
  done: {
    shape: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z M11.3 4.9 6.9 9.3 4.7 7.1 3.5 8.3 6.9 11.7 12.5 6.1Z',
    gap: null,
    badge: null,
  },
  failed: {
    shape: 'M3.4 1.6 8 6.2l4.6-4.6 1.8 1.8L9.8 8l4.6 4.6-1.8 1.8L8 9.8l-4.6 4.6-1.8-1.8L6.2 8 1.6 3.4Z',
    gap: null,
    badge: null,
  },
  running: {
    shape: 'M4 1.5 14 8 4 14.5Z',
    gap: null,
    badge: null,
  },
  skipped: {
    shape: 'M1 3l6 5-6 5Z M8 3l5 4.2V3h2v10h-2V8.8L8 13Z',
    gap: null,
    badge: null,
  },
  stopped: {
    shape: 'M3.5 2h9A1.5 1.5 0 0 1 14 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 12.5v-9A1.5 1.5 0 0 1 3.5 2Z',
    gap: null,
    badge: null,
  },
  too_long: {
    shape: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Z M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Z M7 4.5h1.6v3.2l2.6 2.6-1.1 1.1L7 8.3Z',
    gap: null,
    badge: null,
  },
  unknown: {
    shape: 'M3.7 5.5A4.3 4.3 0 1 1 9.2 9.6V11H6.8V7.6H8A2.1 2.1 0 1 0 5.9 5.5Z M6.8 12.4h2.4v2.6H6.8Z',
    gap: null,
    badge: null,
  },
  waiting: {
    shape: 'M3 1h10v1.6L9 8l4 5.4V15H3v-1.6L7 8 3 2.6Z',
    gap: null,
    badge: null,
  },
};

export const TRAY_MARKS: Readonly<Record<TrayMark, Mark>> = {
  attention: {
    shape: 'M2.5 2h11A1.5 1.5 0 0 1 15 3.5v6A1.5 1.5 0 0 1 13.5 11H10v2h2v1H4v-1h2v-2H2.5A1.5 1.5 0 0 1 1 9.5v-6A1.5 1.5 0 0 1 2.5 2Z',
    gap: 'M10 .4 17.4 16H2.6Z',
    badge: 'M10 3 16 16H4Z M9 8v4h2V8Z M9 13v2h2v-2Z',
  },
  broken: {
    shape: 'M2.5 2h11A1.5 1.5 0 0 1 15 3.5v6A1.5 1.5 0 0 1 13.5 11H10v2h2v1H4v-1h2v-2H2.5A1.5 1.5 0 0 1 1 9.5v-6A1.5 1.5 0 0 1 2.5 2Z M2.5 3a.5.5 0 0 0-.5.5v6a.5.5 0 0 0 .5.5h11a.5.5 0 0 0 .5-.5v-6a.5.5 0 0 0-.5-.5Z',
    gap: 'M0 13.2 13.2 0 16.3 2.6 2.6 16.3Z',
    badge: 'M1.2 13.9 13.9 1.2 15 2.3 2.3 15Z',
  },
  idle: {
    shape: 'M2.5 2h11A1.5 1.5 0 0 1 15 3.5v6A1.5 1.5 0 0 1 13.5 11H10v2h2v1H4v-1h2v-2H2.5A1.5 1.5 0 0 1 1 9.5v-6A1.5 1.5 0 0 1 2.5 2ZM4 6h2v3H4Z M7 4h2v5H7Z M10 5h2v4h-2Z',
    gap: null,
    badge: null,
  },
  offline: {
    shape: 'M2.5 2h11A1.5 1.5 0 0 1 15 3.5v6A1.5 1.5 0 0 1 13.5 11H10v2h2v1H4v-1h2v-2H2.5A1.5 1.5 0 0 1 1 9.5v-6A1.5 1.5 0 0 1 2.5 2Z M2.5 3a.5.5 0 0 0-.5.5v6a.5.5 0 0 0 .5.5h11a.5.5 0 0 0 .5-.5v-6a.5.5 0 0 0-.5-.5Z',
    gap: null,
    badge: null,
  },
  running: {
    shape: 'M2.5 2h11A1.5 1.5 0 0 1 15 3.5v6A1.5 1.5 0 0 1 13.5 11H10v2h2v1H4v-1h2v-2H2.5A1.5 1.5 0 0 1 1 9.5v-6A1.5 1.5 0 0 1 2.5 2ZM4 6h2v3H4Z M7 4h2v5H7Z M10 5h2v4h-2Z',
    gap: 'M12.5 7.5a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z',
    badge: 'M12.5 9a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z',
  },
};
