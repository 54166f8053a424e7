/**
 * Every state and reason that the agent can be in, enumerated once (architecture §5). A reason is set where the decision is
 * made and stored; texts are looked up from it, never guessed.
 */

export const CONNECTION_STATES = ['starting', 'no_network', 'unreachable', 'refused', 'connected'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

export const AGENT_STATES = [
  'starting',
  'not_set_up',
  'config_invalid',
  'not_trusted',
  'elsewhere',
  'original_running',
  'running',
  'draining',
  'down',
] as const;
export type AgentState = (typeof AGENT_STATES)[number];

export const RUN_STATES = [
  'admitted',
  'waiting_jitter',
  'waiting_slot',
  'waiting_user',
  'running',
  'finished',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const UPDATE_STATES = [
  'none',
  'wanted_not_ours',
  'waiting',
  'downloading',
  'verified',
  'installing',
  'refused',
  'rolled_back',
] as const;
export type UpdateState = (typeof UPDATE_STATES)[number];

/** Why a run ended as it did (ui §5; architecture §3). */
export const REASONS = [
  'DONE',
  'FAILED',
  'STALE_VIEW',
  'VERSION_PIN',
  'REVOKED',
  'DEADLINE',
  'KILLED',
  'KILLED_WAITING',
  'TIMEOUT',
  'START_FAILED',
  'NO_USER',
  'DISABLED',
  'UNSUPPORTED',
  'SIGNATURE',
  'EXPIRED_ENV',
  'MISADDRESSED',
  'CONFLICT',
  'BAD_MESSAGE',
  'INTERRUPTED',
  'AGENT_STOPPED',
] as const;
export type Reason = (typeof REASONS)[number];

/** How a command reached us. */
export const SOURCES = ['live', 'replay', 'schedule'] as const;
export type Source = (typeof SOURCES)[number];
