import { expect, test } from 'vitest';
import { requestIdOf, resultIdOf } from '../../../test/support/ids.ts';
import { decodeResult } from '../wire/result.ts';
import { endingOf, type Outcome, withNote } from './ending.ts';

const IDENTITY = { resultId: resultIdOf('a'), requestId: requestIdOf('r'), execId: null, manifestId: null, pcId: 'p' };
const TEXT = 'ä line of output\n'.repeat(20_000);
const SIZE = Buffer.byteLength(TEXT);

function outcome(more: Partial<Outcome>): Outcome {
  const none = { text: '', totalBytes: 0, cut: false };
  const times = { startedAtMs: 1, finishedAtMs: 2, facts: null, detail: null };
  return { reason: 'DONE', exitCode: 0, stdout: none, stderr: none, ...times, ...more };
}

function published(more: Partial<Outcome>) {
  const { outbox } = endingOf(outcome(more), IDENTITY, 64 * 1024);
  const decoded = decodeResult(outbox?.body ?? Buffer.alloc(0));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.result;
}

test('what is left out of a large output is counted from its known size, and not read for that', () => {
  const stdout = { text: TEXT, totalBytes: SIZE, cut: false };
  const left = ({ stdout }: { stdout: string }) => Number(/agent: (\d+) bytes/.exec(stdout)?.[1]);
  const counted = left(published({ stdout }));
  expect(left(published({ stdout: { ...stdout, textBytes: SIZE } }))).toBe(counted);
  expect(left(published({ stdout: { ...stdout, textBytes: SIZE + 1_000 } }))).toBe(counted + 1_000);
});

test('a note behind captured output counts with it', () => {
  const stderr = { text: TEXT, textBytes: SIZE, totalBytes: SIZE + 5, cut: true };
  const noted = withNote(stderr, 'killed ä');
  expect(noted).toEqual({
    text: `${TEXT}\nkilled ä`,
    textBytes: SIZE + 10,
    totalBytes: SIZE + 15,
    cut: true,
  });
  expect(published({ stderr: noted }).stderr.endsWith('\nkilled ä')).toBe(true);
  expect(withNote({ text: '', totalBytes: 0, cut: false }, 'n')).toEqual({ text: 'n', totalBytes: 1, cut: false });
});
