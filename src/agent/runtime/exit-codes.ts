/** How the agent process ends (architecture §4). The host restarts it on everything but the first three. */
export const EXIT = {
  stopped: 0,
  failed: 1,
  inUse: 2,
  update: 64,
  /** An exception that nobody expected (EX_SOFTWARE). */
  bug: 70,
} as const;
