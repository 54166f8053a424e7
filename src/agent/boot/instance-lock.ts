/**
 * One agent works on a PC at a time. In tray mode each user has an agent and a store of their own, so the first to take the
 * machine's lock works and the others wait for it; and none works on the data of the original agent while that one runs
 * (architecture §4, §6). Whoever waits says so over its local socket.
 */
import type { Logger } from '../../base/logger.ts';
import { type MachineLock, takeMachineLock } from '../../platform/machine-lock.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Blocker, ReadinessCheck } from './standby.ts';

export interface InstanceLockOptions {
  readonly config: BootConfig;
  readonly hostSecret: Uint8Array | null;
  readonly version: string;
  readonly log: Logger;
  /** Whether the original agent runs on this data directory. */
  readonly originalRuns: () => boolean;
  readonly pollEveryMs: number;
}

/** Ours until it is released, or until the process ends. */
export type InstanceLock = MachineLock;

/**
 * Waits until it is our turn to be the agent of this PC; null: asked to stop before. The caller holds the store: no other
 * process of this user serves a socket beside it.
 */
export async function acquireInstanceLock(options: InstanceLockOptions): Promise<InstanceLock | null> {
  const { config, log } = options;
  const first = await check(options);
  if (first.kind === 'clear') return first.value;
  log.warn(SAYING[first.by.state], { state: first.by.state });
  const { waitUntilClear } = await import('./standby.ts');
  const waiting = {
    ...options,
    startedAs: config.startedAs,
    directory: config.directories.agentDir,
    settings: () => config,
  };
  const lock = await waitUntilClear(first.by, () => check(options), waiting);
  if (lock !== null) log.info('it is the turn of this agent now');
  return lock;
}

const ELSEWHERE = { state: 'elsewhere', problems: [] } as const satisfies Blocker;
const ORIGINAL = { state: 'original_running', problems: [] } as const satisfies Blocker;
const SAYING = {
  elsewhere: 'this PC is managed from another session; waiting for its end',
  original_running: 'the original agent still runs on this PC; waiting for its end',
};
const NO_LOCK: MachineLock = { release: () => Promise.resolve() };

type LockCheck =
  | Extract<ReadinessCheck<InstanceLock>, { kind: 'clear' }>
  | { kind: 'held_up'; by: typeof ELSEWHERE | typeof ORIGINAL };

async function check({ config, log, originalRuns }: InstanceLockOptions): Promise<LockCheck> {
  if (originalRuns()) return { kind: 'held_up', by: ORIGINAL };
  if (config.startedAs !== 'tray') return { kind: 'clear', value: NO_LOCK };
  const taking = await takeMachineLock(config.agent.id);
  switch (taking.kind) {
    case 'held':
      return { kind: 'clear', value: taking.lock };
    case 'taken':
      return { kind: 'held_up', by: ELSEWHERE };
    case 'impossible':
      log.warn('agents of other users of this PC are not kept from working', { why: taking.why });
      return { kind: 'clear', value: NO_LOCK };
  }
}
