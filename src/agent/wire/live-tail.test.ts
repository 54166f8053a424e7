import { expect, test } from 'vitest';
import { decodeTailRequest, encodeTailReply } from './live-tail.ts';

test('a request names a result', () => {
  expect(decodeTailRequest(Buffer.from('{"result_id":"r","more":1}'))).toEqual({ ok: true, resultId: 'r' });
});

test.each(['', '{}', '{"result_id":7}', '{"result_id":null}', 'r'])('%j names none', (body) => {
  expect(decodeTailRequest(Buffer.from(body)).ok).toBe(false);
});

test('a reply has all fields, and no half of a surrogate pair', () => {
  const tail = {
    found: true,
    running: false,
    stdout: 'a\ud83d',
    stderr: '日',
    stdoutCut: true,
    stderrCut: false,
  };
  expect(Buffer.from(encodeTailReply(tail)).toString()).toBe(
    '{"found":true,"running":false,"stdout":"a\ufffd","stderr":"日","stdout_truncated":true,"stderr_truncated":false}',
  );
});
