/** What our agent shows of itself on its local socket. */
import type { TestAgent } from '../../../test/support/agent.ts';
import { untilFound } from './waiting.ts';

/** Resolves once the agent shows so many scripts as running and waiting. */
export async function shows(
  agent: TestAgent,
  { running, waiting }: { readonly running: number; readonly waiting: number },
): Promise<void> {
  const client = await agent.connect();
  await untilFound(`${running} running, ${waiting} waiting`, async () => {
    const { now } = await client.call('state.snapshot', {});
    return now.running.length === running && now.waitingCount === waiting ? true : undefined;
  });
}
