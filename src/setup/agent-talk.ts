/** The set-up talks to the agent as every administrator's client does: to let it drain, and to see that it is there. */
import { sleep } from '../base/sleep.ts';
import { AgentConnection } from '../client/agent-connection.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentClient } from '../shared/client.ts';

/** The endpoint that the agent lays down for the Administrators, or for root. */
const ADMINISTRATORS = process.platform === 'win32' ? 'S-1-5-32-544' : '0';

export interface AgentTalk {
  /** Asks the agent to take nothing new and to end when what runs has ended; false: nobody answers. */
  drain(): Promise<boolean>;
  /** Whether one answers now. */
  isThere(): Promise<boolean>;
  /** Whether a command of this result id runs now; null: nobody answers. */
  hasRunning(resultId: string): Promise<boolean | null>;
  /**
   * What an agent of `version` says; null: none within `withinMs`. Asked again until `isEnough`, or `signal`; then the last
   * answer counts.
   */
  status(
    version: string,
    withinMs: number,
    isEnough: (status: AgentStatus) => boolean,
    signal?: AbortSignal,
  ): Promise<AgentStatus | null>;
}

const ANSWERS_WITHIN_MS = 5_000;
const POLL_EVERY_MS = 250;

/** `own`: `<data>/kanade-tray` of the agent. */
export function agentTalk(agentDir: string): AgentTalk {
  return {
    drain: async () =>
      (await withAgent(agentDir, ANSWERS_WITHIN_MS, (agent) => agent.call('agent.drain', {}))) !== null,
    isThere: async () => (await withAgent(agentDir, POLL_EVERY_MS * 4, async () => true)) !== null,
    hasRunning: (resultId) =>
      withAgent(agentDir, ANSWERS_WITHIN_MS, async (agent) => {
        const { now } = await agent.call('state.snapshot', {});
        for (const { run } of now.running)
          if ((await agent.call('runs.get', { run })).internals?.resultId === resultId) return true;
        return false;
      }),
    async status(version, withinMs, isEnough, signal) {
      const untilMs = performance.now() + withinMs;
      let last: AgentStatus | null = null;
      while (performance.now() < untilMs && signal?.aborted !== true) {
        const withinTryMs = Math.min(ANSWERS_WITHIN_MS, untilMs - performance.now());
        const status = await withAgent(agentDir, withinTryMs, (agent) => agent.call('state.snapshot', {}));
        if (status?.identity.agentVersion === version) {
          last = status;
          if (isEnough(status)) return status;
        }
        await sleep(POLL_EVERY_MS);
      }
      return last;
    },
  };
}

/** null: no agent, or it did not answer. */
async function withAgent<T>(
  agentDir: string,
  withinMs: number,
  ask: (agent: AgentClient) => Promise<T>,
): Promise<T | null> {
  const startingUntilMs = performance.now() + withinMs;
  const agentConnection = new AgentConnection({ agentDir, account: ADMINISTRATORS, client: 'cli', startingUntilMs });
  try {
    const agent = await new Promise<AgentClient | null>((resolve) => {
      const late = setTimeout(() => resolve(null), withinMs);
      agentConnection.watch(() => {
        if (agentConnection.agent === null) return;
        clearTimeout(late);
        resolve(agentConnection.agent);
      });
    });
    return agent === null ? null : await ask(agent);
  } catch {
    return null;
  } finally {
    agentConnection.close();
  }
}
