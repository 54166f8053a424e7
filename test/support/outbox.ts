/** Rows for the outbox, by the ids that they are told apart by. */
import type { Outbox } from '../../src/agent/store/outbox.ts';
import type { OutboxKind } from '../../src/shared/outbox-kinds.ts';

/** Queues one row for each id, in this order; its body is the id. */
export async function enqueue(outbox: Outbox, ids: readonly string[], kind: OutboxKind = 'result'): Promise<void> {
  await Promise.all(ids.map((id) => outbox.put({ kind, id, subject: `${kind}.${id}`, body: Buffer.from(id) }, 1)));
}

export const rowIds = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);
