/** The rows of the table: what each number is, and the goals of the project for it. */
import type { Book, LimitId, RowId } from './book.ts';
import type { Contender } from './contenders.ts';

export interface Row {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Less is better, else more. */
  readonly lessIsBetter: boolean;
}

export const ROWS: Readonly<Record<RowId, Row>> = {
  'stored-p50': { title: 'publish → result stored, one at a time, p50', unit: 'ms', digits: 2, lessIsBetter: true },
  'stored-p99': { title: 'publish → result stored, one at a time, p99', unit: 'ms', digits: 2, lessIsBetter: true },
  'ended-p50': { title: 'publish → the script has ended, p50', unit: 'ms', digits: 2, lessIsBetter: true },
  'burst-rate': { title: '1,000 commands at once, until all are stored', unit: '/s', digits: 0, lessIsBetter: false },
  'long-burst-rate': {
    title: '5,000 commands at once, until all are stored',
    unit: '/s',
    digits: 0,
    lessIsBetter: false,
  },
  'burst-cpu': { title: 'CPU of the agent per command, 1,000 at once', unit: 'ms', digits: 2, lessIsBetter: true },
  'single-cpu': { title: 'CPU of the agent per command, one at a time', unit: 'ms', digits: 2, lessIsBetter: true },
  'duplicate-cpu': { title: 'CPU per duplicate delivery', unit: 'µs', digits: 1, lessIsBetter: true },
  'drain-rate': { title: 'drain of 10,000 queued results', unit: '/s', digits: 0, lessIsBetter: false },
  'drain-surplus': { title: 'results stored twice in the drain', unit: '', digits: 0, lessIsBetter: true },
  outage: { title: 'broker back after 20 s → first result stored', unit: 'ms', digits: 0, lessIsBetter: true },
  'rss-idle': { title: 'RSS, idle', unit: 'MB', digits: 0, lessIsBetter: true },
  'rss-peak': { title: 'RSS, peak in the burst of 5,000', unit: 'MB', digits: 0, lessIsBetter: true },
  'rss-jitter': {
    title: 'RSS, 100,000 commands in their jitter, after 10 s',
    unit: 'MB',
    digits: 0,
    lessIsBetter: true,
  },
  'rss-jitter-peak': { title: 'RSS, peak until then', unit: 'MB', digits: 0, lessIsBetter: true },
  'rss-slots': {
    title: 'RSS, peak, 5,000 commands wait for one of 2 slots',
    unit: 'MB',
    digits: 0,
    lessIsBetter: true,
  },
  'loop-burst': {
    title: 'longest hold of the event loop, in a burst of 5,000',
    unit: 'ms',
    digits: 0,
    lessIsBetter: true,
  },
  'loop-prune': { title: '… while a history of 100,000 runs is pruned', unit: 'ms', digits: 0, lessIsBetter: true },
  'loop-full-disk': {
    title: '… 2,000 results of 20 kB, no broker, disk nearly full',
    unit: 'ms',
    digits: 0,
    lessIsBetter: true,
  },
  'idle-cpu': { title: 'CPU over 60 idle seconds', unit: 'ms', digits: 1, lessIsBetter: true },
  'shell-begins': {
    title: 'publish → a PowerShell script begins, p50 (ours: with one started ahead)',
    unit: 'ms',
    digits: 0,
    lessIsBetter: true,
  },
  'shell-begins-cold': { title: '… without one started ahead', unit: 'ms', digits: 0, lessIsBetter: true },
  'shell-stored': {
    title: 'publish → its result stored, p50 (ours: with one started ahead)',
    unit: 'ms',
    digits: 0,
    lessIsBetter: true,
  },
  'shell-stored-cold': { title: '… without one started ahead', unit: 'ms', digits: 0, lessIsBetter: true },
  'shell-cpu': {
    title: 'CPU of the PowerShell of one script, started for it',
    unit: 'ms',
    digits: 0,
    lessIsBetter: true,
  },
  'shell-waits-rss': { title: 'RSS of a PowerShell that waits', unit: 'MB', digits: 0, lessIsBetter: true },
  'shell-burst': {
    title: '100 PowerShell scripts at once, until all are stored',
    unit: 's',
    digits: 1,
    lessIsBetter: true,
  },
  'shell-burst-begins': { title: '… until the first one begins', unit: 'ms', digits: 0, lessIsBetter: true },
  start: { title: 'start → first heartbeat, 100,000 runs in history', unit: 'ms', digits: 0, lessIsBetter: true },
};

export const LIMITS: Readonly<Record<LimitId, Pick<Row, 'title' | 'unit' | 'digits'>>> = {
  fsync: { title: 'single-row commits of SQLite at `synchronous=FULL`', unit: '/s', digits: 0 },
  'spawn-rate': { title: 'bare `child_process.spawn`, same script, pipes and parallelism', unit: '/s', digits: 0 },
  'spawn-cpu': { title: 'CPU of the spawning process for each of them', unit: 'ms', digits: 2 },
  'round-trip': { title: 'round trip to the broker (PING, PONG), p50', unit: 'ms', digits: 3 },
  'stored-round-trip': { title: 'publish to RESULTS → PubAck, p50', unit: 'ms', digits: 3 },
  'node-start': { title: 'start and end of a Node that does nothing', unit: 'ms', digits: 0 },
};

export interface Goal {
  readonly row: RowId;
  /** As it is printed. */
  readonly text: string;
  /** What our median is held against; undefined: the other side of the comparison was not measured. */
  readonly bound: (book: Book) => number | undefined;
}

const fixed = (bound: number) => () => bound;

export const GOALS: readonly Goal[] = [
  { row: 'stored-p50', text: '≤ 6 ms', bound: fixed(6) },
  { row: 'stored-p50', text: '≥ 150 × faster than the original', bound: (book) => part(book, 'stored-p50', 1 / 150) },
  { row: 'stored-p99', text: '≤ 15 ms', bound: fixed(15) },
  { row: 'ended-p50', text: '≤ 4 ms', bound: fixed(4) },
  { row: 'burst-rate', text: '≥ 0.75 × the original', bound: (book) => part(book, 'burst-rate', 0.75) },
  {
    row: 'burst-rate',
    text: '≥ 0.9 × bare spawn',
    bound: (book) => {
      const bare = book.limit('spawn-rate');
      return bare && bare.median * 0.9;
    },
  },
  { row: 'long-burst-rate', text: '≥ 0.95 × the original', bound: (book) => part(book, 'long-burst-rate', 0.95) },
  { row: 'burst-cpu', text: '≤ 1.5 ms', bound: fixed(1.5) },
  { row: 'single-cpu', text: '≤ 1.5 ms', bound: fixed(1.5) },
  { row: 'duplicate-cpu', text: '≤ 30 µs', bound: fixed(30) },
  { row: 'drain-rate', text: '≥ 5,000/s', bound: fixed(5_000) },
  { row: 'drain-surplus', text: 'none', bound: fixed(0) },
  {
    row: 'outage',
    text: '≤ 1.5 × the original + 500 ms',
    bound: (book) => {
      const bound = part(book, 'outage', 1.5);
      return bound && bound + 500;
    },
  },
  { row: 'rss-idle', text: '≤ 80 MB', bound: fixed(80) },
  { row: 'rss-peak', text: '≤ 130 MB', bound: fixed(130) },
  { row: 'rss-jitter', text: '≤ 150 MB', bound: fixed(150) },
  { row: 'rss-jitter-peak', text: '≤ 150 MB', bound: fixed(150) },
  { row: 'rss-slots', text: '≤ 150 MB', bound: fixed(150) },
  { row: 'loop-burst', text: '≤ 50 ms', bound: fixed(50) },
  { row: 'loop-prune', text: '≤ 50 ms', bound: fixed(50) },
  { row: 'loop-full-disk', text: '≤ 50 ms', bound: fixed(50) },
  { row: 'idle-cpu', text: '≤ 25 ms', bound: fixed(25) },
  { row: 'shell-begins', text: '≤ 20 ms', bound: fixed(20) },
  {
    row: 'shell-begins-cold',
    text: '≤ 1.15 × plain `-Command` (bare)',
    bound: (book) => part(book, 'shell-begins-cold', 1.15, 'bare'),
  },
  { row: 'start', text: '≤ 120 ms', bound: fixed(120) },
];

function part(book: Book, row: RowId, factor: number, of: Contender = 'original'): number | undefined {
  const other = book.figure(row, of);
  return other && other.median * factor;
}
