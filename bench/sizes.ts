/** How much of everything. The smoke run only proves that each measure can be taken. */

export interface Sizes {
  /** Rounds of most measures. */
  readonly rounds: number;
  /** Rounds of what takes long. */
  readonly longRounds: number;
  /** Starts of each agent. */
  readonly starts: number;
  /** Commands one at a time in a round: of ours, and of the original, which needs a second for each. */
  readonly single: number;
  readonly singleOriginal: number;
  readonly warmUp: number;
  readonly burst: number;
  readonly longBurst: number;
  readonly waitingJitter: number;
  readonly waitingSlot: number;
  readonly waitingRestMs: number;
  readonly outageMs: number;
  readonly outageRounds: number;
  readonly loopRounds: number;
  readonly largeResults: number;
  /** So little that the large results nearly fill it. */
  readonly diskMib: number;
  readonly duplicates: number;
  readonly queuedResults: number;
  readonly historyRuns: number;
  readonly idleMs: number;
  readonly idleRounds: number;
  /** Scripts of a real PowerShell, one at a time, and the rest before each; and at once. */
  readonly shells: number;
  readonly shellRestMs: number;
  readonly shellRounds: number;
  readonly shellBurst: number;
  /** Rest between start and the idle time that is measured. */
  readonly settleMs: number;
  readonly commits: number;
  readonly roundTrips: number;
}

export const FULL: Sizes = {
  rounds: 5,
  longRounds: 3,
  starts: 11,
  single: 300,
  singleOriginal: 12,
  warmUp: 100,
  burst: 1_000,
  longBurst: 5_000,
  waitingJitter: 100_000,
  waitingSlot: 5_000,
  waitingRestMs: 10_000,
  outageMs: 20_000,
  outageRounds: 4,
  loopRounds: 2,
  largeResults: 2_000,
  diskMib: 112,
  duplicates: 10_000,
  queuedResults: 10_000,
  historyRuns: 100_000,
  idleMs: 60_000,
  idleRounds: 2,
  shells: 6,
  shellRestMs: 2_000,
  shellRounds: 2,
  shellBurst: 100,
  settleMs: 15_000,
  commits: 2_000,
  roundTrips: 1_000,
};

export const SMOKE: Sizes = {
  rounds: 1,
  longRounds: 1,
  starts: 1,
  single: 10,
  singleOriginal: 2,
  warmUp: 3,
  burst: 30,
  longBurst: 60,
  waitingJitter: 300,
  waitingSlot: 100,
  waitingRestMs: 500,
  outageMs: 1_000,
  outageRounds: 1,
  loopRounds: 1,
  largeResults: 20,
  diskMib: 64,
  duplicates: 200,
  queuedResults: 200,
  historyRuns: 500,
  idleMs: 1_500,
  idleRounds: 1,
  shells: 1,
  shellRestMs: 500,
  shellRounds: 1,
  shellBurst: 3,
  settleMs: 1_000,
  commits: 50,
  roundTrips: 20,
};
