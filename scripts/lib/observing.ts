/** What can be seen from outside of an agent at work: on the broker, and in the process table. */
import { existsSync, readFileSync } from 'node:fs';
import { api, lastStored } from './fleet.ts';
import type { LocalFleet } from './local-fleet.ts';

/** A process that ended and waits for its parent does not live any more. */
export function isAlive(pid: number) {
  try {
    process.kill(pid, 0);
    const stat = existsSync('/proc/self/stat') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return stat.slice(stat.lastIndexOf(')')).trim().split(' ')[1] !== 'Z';
  } catch {
    return false;
  }
}

/** Whether the agent has taken everything that is on its consumer. */
export async function received({ nc, pcId }: LocalFleet) {
  const info = await api(nc, `CONSUMER.INFO.EXEC.agent_replay_${pcId.replace(/[^A-Za-z0-9_-]/g, '_')}`);
  return info.num_pending === 0 && info.num_ack_pending === 0;
}

export async function started({ nc, pcId }: LocalFleet, execId: string) {
  return (await lastStored(nc, 'EVENTS', `events.started.${execId}.${pcId}`)) !== undefined;
}
