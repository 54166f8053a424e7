/**
 * First start on a data directory of the original agent: its unsent results and its completions become ours (architecture §6).
 * Each file is renamed `*.imported` only after its rows are on disk, so that a crash in between imports it again; the
 * keys (result id, schedule and job) make the repetition harmless. What somebody else could have written is not taken over, nor what
 * is larger than the original writes; and no number of files holds up the rest of the agent.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, renameSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, type Logger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import type { Store } from '../store/store.ts';
import { decodeResult, type ExecResult, legacyResultId } from '../wire/result.ts';
import { isSubjectId, resultSubject } from '../wire/subjects.ts';
import { parseTimestamp } from '../wire/timestamp.ts';

/** A result is one message, and a server that takes larger ones than this is not known. */
const MAX_BYTES = 64 * 1024 * 1024;
/** So many names are read before others get their turn. */
const AT_A_TIME = 100;

/** Why somebody else could have written what lies at the path; null: nobody could. */
export type Distrust = (path: string) => string | null;

export interface TakenOver {
  readonly results: number;
  /** Files that could not be read as a result; kept, parked and visible. */
  readonly parked: number;
  readonly completions: number;
}

/**
 * Imports what the original left in `dataDir`. Nothing there: all zero, nothing touched. Rejects where the store takes no writes:
 * what is not imported then is still there for another try.
 */
export async function takeOver(
  dataDir: string,
  store: Store,
  nowMs: number,
  distrust: Distrust,
  log: Logger,
): Promise<TakenOver> {
  const { results, parked } = await takeOverOutbox(join(dataDir, 'outbox'), store, nowMs, distrust, log);
  const completions = await takeOverCompletions(join(dataDir, 'local_completions.json'), store, distrust, log);
  if (results + parked + completions > 0)
    log.info('taken over from the original agent', { results, parked, completions });
  return { results, parked, completions };
}

async function takeOverOutbox(
  directory: string,
  store: Store,
  nowMs: number,
  distrust: Distrust,
  log: Logger,
): Promise<Omit<TakenOver, 'completions'>> {
  let results = 0;
  let parked = 0;
  for (const path of await oldestFirst(directory, log)) {
    await loopTurn();
    try {
      const body = read(path, distrust);
      const digest = createHash('sha256').update(body).digest('hex');
      if (!store.imported.has(digest)) {
        if (await importResult(body, digest, store, nowMs)) results += 1;
        else parked += 1;
      }
      await settle(path, digest, store, log);
    } catch (error) {
      if (!store.isWritable) throw error;
      log.error('an unsent result of the original agent could not be taken over', { path, error: errorText(error) });
    }
  }
  return { results, parked };
}

/** It is taken over: its name says so, or else the store. */
async function settle(path: string, digest: string, store: Store, log: Logger): Promise<void> {
  try {
    renameSync(path, `${path}.imported`);
  } catch (error) {
    log.warn('a result of the original agent is taken over, and its file can not be renamed', {
      path,
      error: errorText(error),
    });
    if (!store.imported.has(digest)) await store.imported.note(digest);
  }
}

/** In the order in which the original would have sent them (protocol §4.8). */
async function oldestFirst(directory: string, log: Logger): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const found: { path: string; atMs: number }[] = [];
  try {
    let count = 0;
    for await (const { name } of await opendir(directory)) {
      count += 1;
      if (count % AT_A_TIME === 0) await loopTurn();
      if (!name.endsWith('.json')) continue;
      const path = join(directory, name);
      found.push({ path, atMs: lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 });
    }
  } catch (error) {
    log.error('the outbox of the original agent can not be read', { directory, error: errorText(error) });
  }
  return found.sort((a, b) => a.atMs - b.atMs).map(({ path }) => path);
}

/** @throws where it is not taken over; the message says why */
function read(path: string, distrust: Distrust): Buffer {
  const stats = lstatSync(path);
  if (!stats.isFile()) throw new Error('it is no file');
  if (stats.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  const why = distrust(path);
  if (why !== null) throw new Error(`it ${why}`);
  return readFileSync(path);
}

/** True: queued with its own result id. False: it can't be delivered, and is parked. */
async function importResult(body: Buffer, digest: string, store: Store, nowMs: number): Promise<boolean> {
  const decoded = decodeResult(body);
  const address = decoded.ok ? addressOf(decoded.result) : decoded.error;
  if (typeof address === 'string') {
    await store.outbox.putParked({ kind: 'result', id: digest, subject: '', body }, nowMs, `unreadable: ${address}`);
    return false;
  }
  await store.outbox.put({ kind: 'result', ...address, body }, nowMs);
  return true;
}

/** Its ids become a subject and a header; a text: why they can't. */
function addressOf({ requestId, resultId, pcId }: ExecResult): { id: string; subject: string } | string {
  if (!isSubjectId(requestId)) return 'its request_id can not be a subject';
  if (resultId !== '' && !isSubjectId(resultId)) return 'its result_id can not be sent';
  return { id: resultId === '' ? legacyResultId(requestId, pcId) : resultId, subject: resultSubject(requestId) };
}

async function takeOverCompletions(path: string, store: Store, distrust: Distrust, log: Logger): Promise<number> {
  if (!existsSync(path)) return 0;
  let count = 0;
  try {
    const parsed: unknown = JSON.parse(read(path, distrust).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('it holds no object');
    for (const [key, value] of Object.entries(parsed)) {
      const [scheduleId, jobId] = key.split('::');
      const atNs = typeof value === 'string' ? parseTimestamp(value) : undefined;
      if (scheduleId === undefined || jobId === undefined || atNs === undefined) {
        log.warn('a completion of the original agent can not be read', { key });
        continue;
      }
      await store.completions.record(scheduleId, jobId, Number(atNs / NS_PER_MS));
      count += 1;
    }
    renameSync(path, `${path}.imported`);
  } catch (error) {
    if (!store.isWritable) throw error;
    log.error('the completions of the original agent could not be taken over', { path, error: errorText(error) });
  }
  return count;
}
