/**
 * Data directories that an agent finds at its start: a long history, or results that could not be sent yet. Ours are
 * written through our own store, the original's as its own files (protocol §4.8).
 */
import { hash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../src/agent/store/open.ts';
import { NO_TEXT } from '../src/agent/store/outputs.ts';
import type { Arrival, Ending } from '../src/agent/store/runs.ts';
import { Store } from '../src/agent/store/store.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/logger.ts';
import { requestIdOf } from '../test/support/ids.ts';

/** So many runs are admitted, and then ended, in one transaction. */
const GROUP = 1_000;
const STDOUT = { text: 'hello\n', totalBytes: 6, cut: false };

export interface PreparedRuns {
  readonly count: number;
  /** Their results are still to be sent. */
  readonly unsent: boolean;
  /** So many jobs take turns, so that no two runs of one follow each other: those would fold in the window. */
  readonly jobs?: number;
  /** What each of them has written; otherwise next to nothing. */
  readonly outputBytes?: number;
}

/** A store of ours with finished runs, the newest a second old. */
export async function prepareStore(
  data: string,
  { count, unsent, jobs = 1, outputBytes }: PreparedRuns,
): Promise<void> {
  const directory = join(data, 'kanade-tray');
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(`the store did not open: ${opened.kind}`);
  const retention = { historyDays: 90, historyMaxBytes: 1024 ** 3 };
  const store = new Store(opened.db, { directory, retention, clock: systemClock, log: silentLogger });
  const startMs = Date.now() - 1_000 - count;
  const stdout =
    outputBytes === undefined ? STDOUT : { text: 'x'.repeat(outputBytes), totalBytes: outputBytes, cut: false };
  for (let from = 0; from < count; from += GROUP) {
    const indexes = Array.from({ length: Math.min(GROUP, count - from) }, (_, i) => from + i);
    const admissions = await Promise.all(indexes.map((i) => store.runs.admit(arrival(i, startMs + i, jobs))));
    await Promise.all(
      admissions.map((admission, i) => {
        if (admission.kind !== 'admitted') throw new Error(`run ${from + i} was not admitted: ${admission.kind}`);
        const end = ending(from + i, startMs + from + i, admission.resultId, unsent);
        return store.runs.finish(admission.run, { ...end, stdout });
      }),
    );
  }
  // Makes what a first start makes: the reserve on the disk.
  await store.probe();
  await store.close();
}

/** Results in the outbox of the original. */
export function prepareOriginalOutbox(data: string, count: number): void {
  const directory = join(data, 'outbox');
  mkdirSync(directory, { recursive: true });
  const nowMs = Date.now();
  for (let i = 0; i < count; i += 1) {
    writeFileSync(join(directory, `${requestId(i)}.json`), resultBody(i, nowMs, randomUUID()));
  }
}

/** A result as it goes over the wire. */
export function resultBody(index: number, atMs: number, resultId: string): string {
  const at = new Date(atMs).toISOString();
  return JSON.stringify({
    result_id: resultId,
    request_id: requestId(index),
    pc_id: 'BENCH',
    exit_code: 0,
    stdout: STDOUT.text,
    stderr: '',
    started_at: at,
    finished_at: at,
    manifest_id: 'bench',
  });
}

function requestId(index: number): string {
  return `earlier-${index}`;
}

function arrival(index: number, receivedAtMs: number, jobs: number): Arrival {
  const body = Buffer.from(
    `{"id":"bench","version":"1.0.0","request_id":"${requestId(index)}","exec_id":null,"shell":"powershell","script":"echo hello","timeout_secs":30,"jitter_secs":null}`,
  );
  return {
    requestId: requestIdOf(requestId(index)),
    execId: null,
    manifestId: jobs === 1 ? 'bench' : `bench-${index % jobs}`,
    version: '1.0.0',
    shell: 'powershell',
    runAs: 'system',
    timeoutSecs: 30,
    source: 'live',
    subject: 'commands.pc.BENCH',
    receivedAtMs,
    serverAtMs: receivedAtMs,
    fingerprint: hash('sha256', body, 'buffer'),
    body,
  };
}

function ending(index: number, atMs: number, resultId: string, unsent: boolean): Ending {
  const subject = `results.${requestId(index)}`;
  const body = Buffer.from(resultBody(index, atMs, resultId));
  return {
    reason: 'DONE',
    exitCode: 0,
    startedAtMs: atMs,
    finishedAtMs: atMs,
    stdout: STDOUT,
    stderr: NO_TEXT,
    facts: null,
    detail: null,
    outbox: unsent ? { kind: 'result', id: resultId, subject, body } : null,
  };
}
