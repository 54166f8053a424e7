/** `/CHECK`: whether the agent that was just started gets into its fleet (deploy §2). */
import type { AgentStatus } from '../shared/agent-status.ts';
import type { Parameters } from './command-line.ts';
import { SETUP_EXIT } from './exit-codes.ts';
import type { ServiceParts } from './service.ts';

const SIGN_IN_MS = 30_000;
/** A PC that is set up away from its network must not take long. */
const UNREACHABLE_AFTER_MS = 10_000;

/** Waits for the agent's word on its connection. A PC is often set up away from its network, so `warn` forgives that. */
export async function checkSignIn({
  talk,
  log,
  version,
  parameters,
}: ServiceParts & { version: string; parameters: Parameters }): Promise<number> {
  const check = parameters.CHECK ?? 'warn';
  if (check === '0') return SETUP_EXIT.ok;
  const sinceMs = performance.now();
  const status = await talk.status(version, SIGN_IN_MS, (status) => {
    const isAway = status.connection.state === 'unreachable' || status.connection.state === 'no_network';
    return isSettled(status) || (check === 'warn' && isAway && performance.now() - sinceMs > UNREACHABLE_AFTER_MS);
  });
  if (status === null) {
    log.say('the agent has stopped answering');
    return SETUP_EXIT.serviceNotStarted;
  }
  if (status.agent.state === 'config_invalid' || status.agent.state === 'not_trusted') {
    for (const { file, line, key, expected } of status.agent.faults.list ?? [])
      log.say(`settings: ${file}${line === null ? '' : `:${line}`}: ${key ?? ''}: expected ${expected}`);
    return SETUP_EXIT.configuration;
  }
  if (status.agent.state === 'not_set_up') {
    log.say('the agent waits for its settings');
    return check === 'strict' ? SETUP_EXIT.configuration : SETUP_EXIT.ok;
  }
  const { state, why } = status.connection;
  log.say(`connection: ${state}${why === null ? '' : ` (${why})`}`);
  if (state === 'connected') return SETUP_EXIT.ok;
  if (state === 'refused') return SETUP_EXIT.refusedByBroker;
  return check === 'strict' ? SETUP_EXIT.brokerNotReachable : SETUP_EXIT.ok;
}

function isSettled({ agent, connection }: AgentStatus): boolean {
  const held: readonly string[] = ['config_invalid', 'not_trusted', 'not_set_up', 'original_running'];
  return held.includes(agent.state) || connection.state === 'connected' || connection.state === 'refused';
}
