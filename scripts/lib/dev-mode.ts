/** The agent, started again at every change. Invariant: a build that fails leaves the agent running that is there. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, say } from '../bootstrap/say.mjs';
import type { AgentProcess } from './agent-process.ts';
import { ensureBuilt } from './building.ts';
import { startLocalFleet } from './local-fleet.ts';
import { aborted, Stopped, stopController } from './stopping.ts';

/** An editor that saves several files is one change. */
const QUIET_MS = 200;

/**
 * @param watchSources returns what ends it
 * @returns the exit code
 */
export async function runDev(
  tools: { node: string; natsServer: string },
  watchSources: (changed: () => void) => () => void,
): Promise<number> {
  const { signal } = stopController();
  const fleet = await startLocalFleet(tools, 'dev', signal);
  let wake = () => {};
  const unwatch = watchSources(() => wake());
  try {
    say(`Broker ${fleet.broker.url}, PC "dev", log in ${join(fleet.directory, 'logs')}. Ctrl-C ends it.`);
    for (;;) {
      const change = new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
      await Promise.race([change, aborted(signal)]);
      await delay(QUIET_MS, undefined, { signal });
      await rebuild(tools.node, fleet.agent);
    }
  } catch (error) {
    if (error instanceof Stopped || signal.aborted) return 0;
    throw error;
  } finally {
    unwatch();
    await fleet.stop();
  }
}

async function rebuild(node: string, agent: Pick<AgentProcess, 'start' | 'stop'>) {
  try {
    await ensureBuilt(node);
    await agent.stop();
    agent.start();
    say('The agent runs anew.');
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    say(error.message);
  }
}
