/** How much of the file is not history: what is open, and what is not delivered. Counted some ms at a time; bodies aren't read. */
import type { Database } from 'better-sqlite3';
import { loopTurn } from '../../base/loop-turn.ts';

const STEP_ROWS = 500;
/** What a row takes with its indexes and those of its run, beside the bodies: measured with ids of the usual length. */
const OPEN_ROW_BYTES = 500;
const SENT_ROW_BYTES = 750;

export async function keptBytes(db: Database): Promise<number> {
  const stored = `coalesce((SELECT octet_length(body) FROM commands WHERE commands.run = its.run), 0)
    + coalesce((SELECT sum(octet_length(body)) FROM outputs WHERE outputs.run = its.run), 0)`;
  // A run is counted once: while it is open, or with its result. Whatever else is sent of it leaves before that.
  const sent = db.prepare(`
    SELECT seq AS at, ${SENT_ROW_BYTES} + octet_length(body) + iif(kind = 'result', ${stored}, 0) AS bytes FROM outbox AS its WHERE seq > ? ORDER BY seq LIMIT ${STEP_ROWS}`);
  const open = db.prepare(`
    SELECT run AS at, ${OPEN_ROW_BYTES} + ${stored} AS bytes FROM runs AS its WHERE run > ? AND state <> 'finished' ORDER BY run LIMIT ${STEP_ROWS}`);
  let total = 0;
  for (const next of [sent, open]) {
    for (let after = 0; ; ) {
      const rows = next.all(after) as { at: number; bytes: number }[];
      total += rows.reduce((sum, { bytes }) => sum + bytes, 0);
      after = rows.at(-1)?.at ?? after;
      await loopTurn();
      if (rows.length < STEP_ROWS) break;
    }
  }
  return total;
}
