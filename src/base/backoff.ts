/** How long to wait between tries. A plain value, so that tests can pass one without waiting. */
export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  /** Each delay is drawn from [1 − jitter, 1] of the exponential one, so that 3,000 PCs do not come back at once. */
  readonly jitter: number;
}

export const NO_BACKOFF: BackoffPolicy = { minMs: 0, maxMs: 0, jitter: 0 };

/** The delay in ms before try number `attempt` (0 is the first repetition). */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(policy.maxMs, policy.minMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (1 - policy.jitter * random()));
}

/** Within a quarter of `ms` around it, for what every PC of a fleet repeats for ever. */
export function spreadMs(ms: number): number {
  return Math.round(ms * (0.75 + Math.random() / 2));
}
