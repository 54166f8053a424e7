/**
 * No test proves by a sleep that something has happened, or that nothing has: the first is waited for (`eventually`), and after the
 * second comes something that can be waited for. Where time itself is what a test is about, its file stands here, with why.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const OF_TESTS = /^(?:src\/.*\.test|(?:e2e|test)\/.*)\.tsx?$/;
const SLEEP = /\bawait (?:sleep|delay)\(|\bsetTimeout\((?:resolve|\w), |\bwaitForTimeout\(/;

const SLEEPS: Readonly<Record<string, string>> = {
  'e2e/app-shell/survival.test.ts': 'a page that has run for a while before it hangs or crashes',
  'e2e/bad-input/kv-values.test.ts': 'a read of the fleet that is shared for some ms',
  'e2e/installer/take-over.test.ts': 'a script that goes on while the broker is away',
  'e2e/life/crash.test.ts': 'the pace of the load',
  'e2e/life/schedule-requirements.test.ts': 'asked no more often than a client may',
  'e2e/setup.test.ts': 'work that takes a while',
  'e2e/updates/cycles.test.ts': 'the pace of the load',
  'e2e/updates/updates.test.ts': 'asked no more often than a client may',
  'src/agent/bus/durable.test.ts': 'changes at other moments each time',
  'src/agent/bus/reconnect.test.ts': 'pauses of a client, and an outage that lasts',
  'src/agent/bus/supervise.test.ts': 'a binding that lasts before it ends',
  'src/agent/run/shells-ahead.test.ts': 'a shell that is older than a fresh one',
  'src/agent/ship/shipper.test.ts': 'PubAcks that each take a time of their own',
  'src/base/heap-limit.test.ts': 'a turn in which V8 may collect',
  'src/base/lifecycle.test.ts': 'a stop that takes longer than it may',
  'src/platform/end-process.test.ts': 'a process that hangs in the file system by then',
  'src/platform/process-tree.test.ts': 'a process whose own child is up by then',
};

test('a test sleeps only where time is what it is about', () => {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const paths = listed
    .toString()
    .split('\n')
    .filter((path) => OF_TESTS.test(path));
  expect(paths.length).toBeGreaterThan(300);
  const sleeping = paths.filter((path) => SLEEP.test(readFileSync(join(ROOT, path), 'utf8')));
  expect(sleeping.toSorted()).toEqual(Object.keys(SLEEPS));
});
