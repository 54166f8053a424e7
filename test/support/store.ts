/** A store of its own for a test, and what goes into one. */
import { hash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/agent/store/open.ts';
import { NO_TEXT } from '../../src/agent/store/outputs.ts';
import type { Arrival, Ending } from '../../src/agent/store/runs.ts';
import { Store, type StoreOptions } from '../../src/agent/store/store.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { RequestId } from '../../src/shared/ids.ts';

export function storeOptions(directory: string, clock: Clock = systemClock): StoreOptions {
  return {
    directory,
    clock,
    log: silentLogger,
    retention: { historyDays: 90, historyMaxBytes: 1024 ** 3 },
  };
}

/** Opens the store in `directory`; closed with the test unless it was closed before. */
export function testStore(directory: string, clock?: Clock): Store {
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(`the store did not open: ${opened.kind}`);
  const store = new Store(opened.db, storeOptions(directory, clock));
  onTestFinished(() => store.close());
  return store;
}

/** A command as it arrives; the body says what it is, so two calls with one body are the same message. */
export function arrival(requestId: string | null, body = `command ${requestId}`, more: Partial<Arrival> = {}): Arrival {
  const bytes = Buffer.from(body);
  return {
    // Unchecked: an older store may hold what no agent admits today.
    requestId: requestId as RequestId | null,
    execId: null,
    manifestId: 'job',
    version: '1.0.0',
    shell: 'sh',
    runAs: 'system',
    timeoutSecs: 30,
    source: 'live',
    subject: 'commands.all',
    receivedAtMs: 1_000,
    serverAtMs: null,
    fingerprint: hash('sha256', bytes, 'buffer'),
    body: bytes,
    ...more,
  };
}

/** An ending that queues a result. */
export function ending(resultId: string, more: Partial<Ending> = {}): Ending {
  return {
    reason: 'DONE',
    exitCode: 0,
    startedAtMs: 2_000,
    finishedAtMs: 3_000,
    stdout: { text: 'hello\n', totalBytes: 6, cut: false },
    stderr: NO_TEXT,
    facts: null,
    detail: null,
    outbox: { kind: 'result', id: resultId, subject: 'results.x', body: Buffer.from(`result ${resultId}`) },
    ...more,
  };
}
