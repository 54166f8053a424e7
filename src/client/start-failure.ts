/** What an agent that ended for its settings has left behind. */
import { readFile } from 'node:fs/promises';
import { startFailureFile } from '../shared/directories.ts';
import { type StartFailure, startFailureSchema } from '../shared/start-failure.ts';

/** Of the agent in `<data>/kanade-tray`; null: it left nothing, or nothing that we can read. */
export async function readStartFailure(agentDir: string): Promise<StartFailure | null> {
  try {
    return startFailureSchema.parse(JSON.parse(await readFile(startFailureFile(agentDir), 'utf8'))).state;
  } catch {
    return null;
  }
}
