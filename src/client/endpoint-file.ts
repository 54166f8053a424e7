/** The rendezvous file of one's own account (threat-model §1): reading it is what proves who one is. */
import { readFile } from 'node:fs/promises';
import { type Endpoint, endpointSchema } from '../shared/client.ts';
import { endpointFile } from '../shared/directories.ts';

/** The endpoint of `account` in `<data>/kanade-tray`; null: there is none that we may read, or it is being written. */
export async function readEndpoint(agentDir: string, account: string): Promise<Endpoint | null> {
  try {
    return endpointSchema.parse(JSON.parse(await readFile(endpointFile(agentDir, account), 'utf8')));
  } catch {
    return null;
  }
}
