/**
 * What may be claimed of each part of the page in the state that is known: the one place that decides it, for window and tray.
 * Invariant: that there is nothing, or that all is well, is claimed only where it is known; who is not there any more, or can't
 * read what is stored, knows nothing.
 */
import type { AgentStatus } from './agent-status.ts';
import type { PcSnapshot } from './describe.ts';
import type { Begins } from './describe-run.ts';
import { takesTasks, undelivered } from './troubles.ts';

export interface Claims {
  /** What is shown is of now. */
  readonly live: boolean;
  /** "Everything is working", where nothing calls for a look either. */
  readonly calm: boolean;
  /** What runs and waits. */
  readonly now: 'unknown' | 'some' | 'none';
  /** `open`: some arrived and none has ended; `held`: new ones are not taken, so that none came says nothing. */
  readonly today: 'unknown' | 'some' | 'open' | 'held' | 'none';
  /** Of what waits. */
  readonly begins: Begins;
  /** What waits to be sent. */
  readonly send: 'unknown' | 'soon' | 'kept' | 'offline' | 'none';
  /** What could not be delivered. */
  readonly stuck: 'unknown' | 'some' | 'none';
  /** How the agent stands to the broker: one that can't begin has not tried. */
  readonly connection: 'unknown' | 'known';
  /** `unheard`: what IT wants is known once there is a connection. */
  readonly update: 'unknown' | 'unheard' | 'known';
  /** Why a list without a filter is empty. `unread`: what is stored is not known, so nothing is counted either. */
  readonly empty: 'unknown' | 'unread' | 'rebuilt' | 'held' | 'offline' | 'none';
}

export function claimsOf(snapshot: PcSnapshot): Claims {
  const status = liveStatus(snapshot);
  if (status === null) {
    return {
      live: false,
      calm: false,
      now: 'unknown',
      today: 'unknown',
      begins: 'held',
      send: 'unknown',
      stuck: 'unknown',
      connection: 'unknown',
      update: 'unknown',
      empty: 'unknown',
    };
  }
  const isRunning = status.agent.state === 'running';
  return {
    live: true,
    calm: isRunning && status.connection.state === 'connected' && status.store.readable && takesTasks(status),
    now: now(status),
    today: isRunning ? today(status) : 'unknown',
    begins: begins(status),
    send: isRunning ? send(status) : 'unknown',
    stuck: isRunning ? stuck(status) : 'unknown',
    connection: isRunning || status.agent.state === 'draining' ? 'known' : 'unknown',
    update: isRunning ? update(status) : 'unknown',
    empty: empty(status),
  };
}

/** What the agent says, while it is heard; null: nothing is known of now. */
function liveStatus({ agentConnection, status, lost }: PcSnapshot): AgentStatus | null {
  return lost || agentConnection.state !== 'attached' ? null : status;
}

function openRuns({ now: { running, waitingCount } }: AgentStatus): number {
  return running.length + waitingCount;
}

/** Also while it finishes: what still runs then is what people wait for. */
function now(status: AgentStatus): Claims['now'] {
  const { state } = status.agent;
  if ((state !== 'running' && state !== 'draining') || !status.store.readable) return 'unknown';
  return openRuns(status) > 0 ? 'some' : 'none';
}

function today(status: AgentStatus): Claims['today'] {
  if (!status.store.readable) return 'unknown';
  if (Object.values(status.today).some((n) => n > 0)) return 'some';
  if (openRuns(status) > 0) return 'open';
  return takesTasks(status) ? 'none' : 'held';
}

function begins({ agent: { state } }: AgentStatus): Claims['begins'] {
  if (state === 'draining') return 'finishing';
  return state === 'running' || state === 'starting' ? 'soon' : 'held';
}

function send(status: AgentStatus): Claims['send'] {
  const { waiting, others } = status.outbox;
  if (!status.store.readable) return 'unknown';
  // With a connection what is no result is under way for a moment, or is tried again and again, and then it is stuck.
  const offline = status.connection.state !== 'connected';
  if (waiting === 0 && !(offline && (others?.waiting ?? 0) > 0)) return 'none';
  if (offline) return 'offline';
  return undelivered(status) === null ? 'soon' : 'kept';
}

function stuck({ store, outbox: { parked, others } }: AgentStatus): Claims['stuck'] {
  if (!store.readable) return 'unknown';
  return parked + (others?.stuck ?? 0) > 0 ? 'some' : 'none';
}

function update({ update: { state, wanted }, connection }: AgentStatus): Claims['update'] {
  return state === 'none' && wanted === null && connection.state !== 'connected' ? 'unheard' : 'known';
}

function empty(status: AgentStatus): Claims['empty'] {
  const { state } = status.agent;
  if (!status.store.readable) return 'unread';
  if (state !== 'running' && state !== 'draining') return 'unknown';
  if (state === 'draining' || !takesTasks(status)) return 'held';
  if (status.store.state === 'quarantined') return 'rebuilt';
  return status.connection.state === 'connected' ? 'none' : 'offline';
}
