import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixtureMessages, fixtureNames, fixtureValue } from '../../../test/fixtures/read.ts';
import { requestIdOf, resultIdOf } from '../../../test/support/ids.ts';
import { decodeResult, type ExecResult, encodeResult, fitResult, legacyResultId, refitResult } from './result.ts';

const RESULT: ExecResult = {
  resultId: resultIdOf('3277f804-0000-4000-8000-000000000000'),
  requestId: requestIdOf('r1'),
  execId: 'e1',
  pcId: 'PC-A',
  exitCode: 0,
  stdout: 'out\n',
  stderr: '',
  startedAtNs: 1_764_041_424_400_468_481n,
  finishedAtNs: 1_764_041_425_000_000_000n,
  manifestId: 'j1',
  skipped: false,
};

const text = (body: Uint8Array) => Buffer.from(body).toString();

const captured = [
  ...fixtureNames
    .filter((name) => name.startsWith('result_'))
    .flatMap((name) => fixtureMessages(name).map(({ payload }) => [name, payload] as const)),
  ['local_outbox', (fixtureValue('local_outbox') as { content: string }).content] as const,
];

test.each(captured)('%s is decoded, and encoded as the original does but for the added field', (_, payload) => {
  const decoded = decodeResult(Buffer.from(payload));
  expect(decoded).toMatchObject({ ok: true });
  if (!decoded.ok) return;
  const encoded = text(encodeResult(decoded.result));
  const added = `,"skipped":${decoded.result.skipped}}`;
  expect(encoded.endsWith(added)).toBe(true);
  expect(`${encoded.slice(0, -added.length)}}`).toBe(payload);
});

test('what is absent is left out, and the added field is last', () => {
  expect(text(encodeResult({ ...RESULT, execId: null, manifestId: null, skipped: true }))).toBe(
    '{"result_id":"3277f804-0000-4000-8000-000000000000","request_id":"r1","pc_id":"PC-A","exit_code":0,' +
      '"stdout":"out\\n","stderr":"","started_at":"2025-11-25T03:30:24.400468481Z",' +
      '"finished_at":"2025-11-25T03:30:25Z","skipped":true}',
  );
});

test('an exit code of Windows is signed on the wire', () => {
  expect(text(encodeResult({ ...RESULT, exitCode: 0xc0000005 }))).toContain('"exit_code":-1073741819,');
});

test('half a surrogate pair never leaves us', () => {
  const body = encodeResult({ ...RESULT, stdout: 'a\ud800b', stderr: '\udfff', execId: '\ud83d' });
  expect(decodeResult(body)).toMatchObject({
    ok: true,
    result: { stdout: 'a\ufffdb', stderr: '\ufffd', execId: '\ufffd' },
  });
});

describe('results of older agents', () => {
  const old = (more: object) => {
    const wire = { request_id: 'r1', pc_id: 'PC-A', exit_code: 0, stdout: '', stderr: '' };
    const times = { started_at: '2026-11-24T03:00:00Z', finished_at: '2026-11-24T03:00:00Z' };
    return decodeResult(Buffer.from(JSON.stringify({ ...wire, ...times, ...more })));
  };

  test('have an id derived from request and PC', () => {
    expect(old({})).toMatchObject({ ok: true, result: { resultId: '', execId: null, manifestId: null } });
    expect(legacyResultId('req-1', 'PC-A')).toBe('88c0e6f9-152b-5045-8259-afac24d3b6b8');
  });

  test.each([
    [0, false],
    [121, false],
    [122, true],
    [127, true],
    [128, false],
    [-1, false],
  ])('with exit code %i: skipped is %s', (exit_code, skipped) => {
    expect(old({ exit_code })).toMatchObject({ ok: true, result: { skipped } });
  });

  test.each([
    [{ exit_code: 2 ** 31 }, /^exit_code: expected a whole number/],
    [{ exit_code: '0' }, /^exit_code: expected a whole number/],
    [{ stdout: null }, /^stdout: expected a string/],
    [{ pc_id: undefined }, /^pc_id: expected a string, found nothing/],
    [{ started_at: 'now' }, /^started_at: expected a time/],
    [{ skipped: 1 }, /^skipped: expected true or false/],
  ])('that say %j are refused', (more, error) => {
    expect(old(more)).toMatchObject({ ok: false, error: expect.stringMatching(error) });
  });
});

describe('a result that must fit', () => {
  const fitted = (more: Partial<ExecResult>, maxBytes: number) => {
    const { body, cut } = fitResult({ ...RESULT, ...more }, maxBytes);
    const decoded = decodeResult(body);
    if (!decoded.ok) throw new Error(decoded.error);
    return { bytes: body.length, cut, result: decoded.result };
  };
  const MARKER = /\n\[agent: (\d+) bytes of output left out here: the result is too large for one message\]\n/;

  test('stays as it is when it does, to the byte', () => {
    const whole = encodeResult(RESULT);
    expect(fitResult(RESULT, whole.length)).toEqual({ body: whole, cut: false });
    expect(fitResult(RESULT, whole.length - 1).cut).toBe(true);
  });

  test('keeps two thirds of the head and a third of the tail, and says what is missing', () => {
    const stdout = Array.from({ length: 100_000 }, (_, line) => `line ${line}\n`).join('');
    const { bytes, cut, result } = fitted({ stdout }, 100_000);
    expect(cut).toBe(true);
    expect(bytes).toBeLessThanOrEqual(100_000);
    expect(bytes).toBeGreaterThan(99_900);
    const [head = '', left = '', tail = ''] = result.stdout.split(MARKER);
    expect(stdout.startsWith(head)).toBe(true);
    expect(stdout.endsWith(tail)).toBe(true);
    expect(Number(left)).toBe(stdout.length - head.length - tail.length);
    expect(head.length / tail.length).toBeCloseTo(2, 1);
  });

  test('keeps the note at the end of stderr, whatever the script wrote', () => {
    const noise = '\0'.repeat(1_000_000);
    const note = 'killed by remote signal (kill.e1)';
    const { bytes, result } = fitted({ stdout: noise, stderr: `${noise}\n${note}` }, 64_000);
    expect(bytes).toBeLessThanOrEqual(64_000);
    expect(result.stderr.endsWith(`\n${note}`)).toBe(true);
    expect(result.stdout).toMatch(MARKER);
  });

  test('leaves a short stream whole and gives its room to the other', () => {
    const long = 'x'.repeat(100_000);
    const cutOut = fitted({ stdout: long, stderr: 'short' }, 10_000);
    const cutErr = fitted({ stdout: 'short', stderr: long }, 10_000);
    expect([cutOut.result.stderr, cutErr.result.stdout]).toEqual(['short', 'short']);
    for (const { bytes } of [cutOut, cutErr]) expect(bytes).toBeGreaterThan(9_900);
  });

  test('holds no half of a surrogate pair of what is far too long, and no less than it could', () => {
    const stdout = `\ud83d${'🙂'.repeat(50_000)}\ude42`;
    const { bytes, result } = fitted({ stdout }, 10_000);
    expect(bytes).toBeGreaterThan(9_900);
    expect(result.stdout.startsWith('\ufffd🙂')).toBe(true);
    expect(result.stdout.endsWith('🙂\ufffd')).toBe(true);
  });

  test('gives up ids that alone would fill the message, never the one that it answers', () => {
    const huge = 'm'.repeat(100_000);
    const manifest = fitted({ manifestId: huge, stderr: 'note' }, 10_000);
    expect(manifest.result).toMatchObject({
      requestId: requestIdOf('r1'),
      execId: 'e1',
      manifestId: null,
      stderr: 'note',
    });
    const both = fitted({ manifestId: huge, execId: huge, stderr: 'note' }, 10_000);
    expect(both.result).toMatchObject({ requestId: requestIdOf('r1'), execId: null, manifestId: null, stderr: 'note' });
    expect(both.cut).toBe(true);
  });

  test('for any output and any limit it fits, is readable, and holds nothing that was not written', () => {
    const piece = fc.constantFrom('a', '"', '\\', '\n', '\0', '\u001f', '\u007f', 'é', '日', '😀', '\ud83d', '\ude00');
    const output = fc.array(piece, { maxLength: 400 }).map((pieces) => pieces.join('').repeat(3));
    fc.assert(
      fc.property(output, output, fc.integer({ min: 900, max: 4_000 }), (stdout, stderr, maxBytes) => {
        const { bytes, cut, result } = fitted({ stdout, stderr }, maxBytes);
        expect(bytes).toBeLessThanOrEqual(maxBytes);
        for (const [before, after] of [
          [stdout.toWellFormed(), result.stdout],
          [stderr.toWellFormed(), result.stderr],
        ] as const) {
          const [head = '', , tail] = after.split(MARKER);
          if (!cut) expect(after).toBe(before);
          else if (tail === undefined) expect(before.endsWith(after)).toBe(true);
          else expect(before.startsWith(head) && before.endsWith(tail)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('can be cut again for a server that takes less; what can not be read stays as it is', () => {
    const body = encodeResult({ ...RESULT, stdout: 'x'.repeat(50_000), stderr: 'timeout after 2s' });
    const again = refitResult(refitResult(body, 20_000), 5_000);
    expect(again.length).toBeLessThanOrEqual(5_000);
    expect(decodeResult(again)).toMatchObject({
      ok: true,
      result: { resultId: RESULT.resultId, stderr: 'timeout after 2s' },
    });
    expect(refitResult(body, body.length)).toBe(body);
    const damaged = Buffer.from('{"result_id":');
    expect(refitResult(damaged, 5)).toBe(damaged);
  });
});
