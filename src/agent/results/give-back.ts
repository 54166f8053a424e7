/**
 * The way back to the original agent: unsent results and completions are written where it looks for them (protocol §4.8, §6.1).
 * A result leaves our outbox only after its file is on disk, so that a crash in between gives it back again under the same name
 * and result id. A command that was admitted and never ran can't be given back, its message is acknowledged; it gets its one
 * result here, and one that may have run is answered as after an interruption (invariant 4).
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../../base/logger.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import type { Store } from '../store/store.ts';
import { formatTimestamp } from '../wire/timestamp.ts';
import { endingOfRow, interrupted, withoutRun } from './ending.ts';

const BATCH = 200;
/** Outputs of scripts are in it. */
const PRIVATE = 0o600;
/** What the original's servers take in one message, unless told otherwise. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
const NOTE = 'stopped: never started, the PC was given back to the original agent';

export interface GivenBack {
  readonly results: number;
  readonly completions: number;
}

/**
 * Parked results stay: the original would stop at the first one that can't be delivered. `say` hears of commands that end without
 * a result. Rejects where the store or the directory takes no writes; asked again, it goes on.
 */
export async function giveBack(
  dataDir: string,
  store: Store,
  pcId: string,
  nowMs: number,
  say: (text: string) => void = () => {},
): Promise<GivenBack> {
  await endOpen(store, pcId, nowMs, say);
  const results = await giveBackResults(join(dataDir, 'outbox'), store);
  return { results, completions: giveBackCompletions(join(dataDir, 'local_completions.json'), store) };
}

async function endOpen(store: Store, pcId: string, nowMs: number, say: (text: string) => void): Promise<void> {
  const olderCopyUpTo = store.olderCopyUpTo ?? 0;
  for (let open = store.inbox.open(BATCH); open.length > 0; open = store.inbox.open(BATCH)) {
    for (const run of open) {
      const mayHaveRun = run.state === 'running' || run.run <= olderCopyUpTo;
      const outcome = mayHaveRun ? interrupted(run.startedAtMs, nowMs) : withoutRun('AGENT_STOPPED', NOTE, { nowMs });
      const ending = endingOfRow(outcome, { ...run, pcId }, MAX_PAYLOAD_BYTES, (error) => {
        say(`run ${run.run} has no result that can be told: ${errorText(error)}`);
      });
      await store.runs.finish(run.run, ending);
    }
  }
}

async function giveBackResults(directory: string, store: Store): Promise<number> {
  let count = 0;
  for (let rows = store.outbox.waiting(true, BATCH); rows.length > 0; rows = store.outbox.waiting(true, BATCH)) {
    for (const row of rows) {
      replaceFile(join(directory, fileName(row.id)), row.body, PRIVATE);
      await store.outbox.remove(row);
      count += 1;
    }
  }
  return count;
}

/** That of the original; an id which it was given from elsewhere need not be a name of a file. */
function fileName(id: string): string {
  const name = /^[-\da-f]{1,64}$/i.test(id) ? id : createHash('sha256').update(id).digest('hex');
  return `${name}.json`;
}

function giveBackCompletions(file: string, store: Store): number {
  const ours = store.completions.all();
  if (ours.length === 0) return 0;
  const merged: Record<string, string> = { ...readObject(file), ...readObject(`${file}.imported`) };
  for (const { scheduleId, jobId, atMs } of ours)
    merged[`${scheduleId}::${jobId}`] = formatTimestamp(BigInt(atMs) * NS_PER_MS);
  replaceFile(file, JSON.stringify(merged, null, 2), PRIVATE);
  return ours.length;
}

/** One that can't be read counts as empty, as with the original. */
function readObject(file: string): Record<string, string> {
  try {
    const read: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Record<string, string>) : {};
  } catch {
    return {};
  }
}
