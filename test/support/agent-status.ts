/** What an agent says of itself when all is well, and what a window has of it, for tests of the words. */
import type { AgentStatus } from '../../src/shared/agent-status.ts';
import type { PcSnapshot } from '../../src/shared/describe.ts';

export const NOW = new Date(2026, 10, 25, 14, 0).getTime();
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

export function status(changed: Partial<AgentStatus> = {}): AgentStatus {
  return {
    agent: { state: 'running', sinceMs: NOW - DAY, faults: { count: 0, list: null } },
    connection: { state: 'connected', sinceMs: NOW - DAY, lastGoodAtMs: NOW - 12_000, server: null, why: null },
    identity: {
      pcId: 'PC-0142',
      hostname: 'pc-0142',
      groups: ['office', 'canary'],
      agentVersion: '1.4.2',
      contract: 1,
      hosting: 'service',
    },
    now: { running: [], waiting: [], waitingCount: 0 },
    todayUntold: 0,
    today: {},
    outbox: outbox(0, 0),
    update: { state: 'none', installed: '1.4.2', wanted: null, reason: null, release: null },
    restartRequired: false,
    disk: { ok: true, freeBytes: 10_000_000_000, neededBytes: 0 },
    store: { state: 'ok', readable: true },
    secondAgentSeen: false,
    notices: QUIET,
    schedules: { count: 0, notUnderstood: 0, nextAtMs: null, frozen: false },
    counters: null,
    helpdesk: { offered: true, unlockedUntilMs: null },
    ...changed,
  };
}

export function snapshot(changed: Partial<AgentStatus> = {}): PcSnapshot {
  return {
    agentConnection: { state: 'attached', sinceMs: NOW - DAY, goneAtMs: null, restartAtMs: null, startFailure: null },
    status: status(changed),
    brandName: 'Kanade Tray',
    lost: false,
  };
}

/** No trouble at all. */
const QUIET: AgentStatus['notices'] = { forbidden: null, undelivered: null, clock: null, log: null };

/** Results that wait and results that are parked, and what is no result. */
export function outbox(waiting: number, parked: number, others = { waiting: 0, stuck: 0 }): AgentStatus['outbox'] {
  return { waiting, parked, others };
}
