/**
 * Every state that the agent can be in, enumerated once (architecture §5). What a command can end as is in `outcomes.ts`.
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

/** Who starts the agent (architecture §4). */
export const HOSTINGS = ['tray', 'service', 'headless'] as const;
export type Hosting = (typeof HOSTINGS)[number];
/** The setting `[agent] host`: nobody starts it by hand. */
export type HostMode = Exclude<Hosting, 'headless'>;

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
  'available',
  'waiting',
  'downloading',
  'verified',
  'installing',
  'refused',
  'rolled_back',
] as const;
export type UpdateState = (typeof UPDATE_STATES)[number];

/** How a command reached us. */
export const SOURCES = ['live', 'replay', 'schedule'] as const;
export type Source = (typeof SOURCES)[number];
