/**
 * First start on a data directory of the original agent: its unsent results and its completions become ours (architecture §6).
 * Each file is renamed `*.imported` only after its rows are on disk, so that a crash in between imports it again; the
 * keys (result id, schedule and job) make the repetition harmless.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Store } from '../store/store.ts';
import { decodeResult, type ExecResult, legacyResultId } from '../wire/result.ts';
import { isSubjectId, resultSubject } from '../wire/subjects.ts';
import { parseTimestamp } from '../wire/timestamp.ts';

const NS_PER_MS = 1_000_000n;

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
export async function takeOver(dataDir: string, store: Store, nowMs: number, log: Logger): Promise<TakenOver> {
  const { results, parked } = await takeOverOutbox(join(dataDir, 'outbox'), store, nowMs, log);
  const completions = await takeOverCompletions(join(dataDir, 'local_completions.json'), store, log);
  if (results + parked + completions > 0)
    log.info('taken over from the original agent', { results, parked, completions });
  return { results, parked, completions };
}

async function takeOverOutbox(
  directory: string,
  store: Store,
  nowMs: number,
  log: Logger,
): Promise<Omit<TakenOver, 'completions'>> {
  let results = 0;
  let parked = 0;
  for (const path of oldestFirst(directory, log)) {
    try {
      const body = readFileSync(path);
      if (await importResult(body, store, nowMs)) results += 1;
      else parked += 1;
      renameSync(path, `${path}.imported`);
    } catch (error) {
      if (!store.admits) throw error;
      log.error('an unsent result of the original agent could not be taken over', { path, error: errorText(error) });
    }
  }
  return { results, parked };
}

/** In the order in which the original would have sent them (protocol §4.8). */
function oldestFirst(directory: string, log: Logger): string[] {
  if (!existsSync(directory)) return [];
  const found: { path: string; atMs: number }[] = [];
  try {
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.json')) continue;
      const path = join(directory, name);
      // A link to nowhere has no time of its own; reading it says what is wrong.
      found.push({ path, atMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 });
    }
  } catch (error) {
    log.error('the outbox of the original agent can not be read', { directory, error: errorText(error) });
  }
  return found.sort((a, b) => a.atMs - b.atMs).map(({ path }) => path);
}

/** True: queued with its own result id. False: it can't be delivered, and is parked. */
async function importResult(body: Buffer, store: Store, nowMs: number): Promise<boolean> {
  const decoded = decodeResult(body);
  const why = decoded.ok ? undeliverable(decoded.result) : decoded.error;
  if (!decoded.ok || why !== null) {
    const id = createHash('sha256').update(body).digest('hex');
    await store.outbox.putParked({ kind: 'result', id, subject: '', body }, nowMs, `unreadable: ${why}`);
    return false;
  }
  const { result } = decoded;
  const id = result.resultId === '' ? legacyResultId(result.requestId, result.pcId) : result.resultId;
  await store.outbox.put({ kind: 'result', id, subject: resultSubject(result.requestId), body }, nowMs);
  return true;
}

/** Why a readable result can't be sent: its ids become a subject and a header. */
function undeliverable({ requestId, resultId }: ExecResult): string | null {
  if (!isSubjectId(requestId)) return 'its request_id can not be a subject';
  return resultId === '' || isSubjectId(resultId) ? null : 'its result_id can not be sent';
}

async function takeOverCompletions(path: string, store: Store, log: Logger): Promise<number> {
  if (!existsSync(path)) return 0;
  let count = 0;
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
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
    if (!store.admits) throw error;
    log.error('the completions of the original agent could not be taken over', { path, error: errorText(error) });
  }
  return count;
}
