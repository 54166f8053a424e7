/** What an agent that ended for its settings has left behind. */
import { readFile } from 'node:fs/promises';
import { startFaultFile } from '../shared/directories.ts';
import { type StartFault, startFaultSchema } from '../shared/start-fault.ts';

/** Of the agent in `<data>/kanade-tray`; null: it left nothing, or nothing that we can read. */
export async function readStartFault(agentDir: string): Promise<StartFault | null> {
  try {
    return startFaultSchema.parse(JSON.parse(await readFile(startFaultFile(agentDir), 'utf8'))).state;
  } catch {
    return null;
  }
}
