import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { headerLookup } from '../../../test/support/signing.ts';
import { type Judgement, judge } from './judge.ts';
import { parseKeyRing } from './key-ring.ts';
import { NO_HEADERS, signatureHeaders } from './signature.ts';

interface Vector {
  readonly name: string;
  readonly ring: string;
  readonly now_ms: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expected: { readonly form: string; readonly state?: string; readonly kid?: string | null };
}
interface Vectors {
  readonly pc_id: string;
  readonly rings: Readonly<Record<string, unknown>>;
  readonly cases: readonly Vector[];
}

const MADE_BY = new URL('../../../test/support/signing/make-vectors.mjs', import.meta.url);
const vectors = JSON.parse(readFileSync(new URL('vectors.json', MADE_BY), 'utf8')) as Vectors;

function ringOf(name: string) {
  const parsed = parseKeyRing(JSON.stringify(vectors.rings[name]));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.ring;
}

function found(judged: Judgement): Vector['expected'] {
  if (judged.form === 'unknown') return { form: 'unknown' };
  const { form, finding } = judged;
  if (finding === null) return { form };
  return { form, state: finding.state, kid: finding.state === 'ok' ? finding.key.kid : finding.kid };
}

function judgeVector({ ring, now_ms, headers, body }: Vector, plainToo = true): Judgement {
  const by = { ring: ringOf(ring), pcId: vectors.pc_id, nowNs: BigInt(now_ms) * 1_000_000n };
  return judge(Buffer.from(body, 'base64'), signatureHeaders(headerLookup(headers)), plainToo, by);
}

describe('what OpenSSL has signed', () => {
  test.each(vectors.cases)('$name: $expected.state', (vector) => {
    expect(found(judgeVector(vector))).toEqual(vector.expected);
  });

  test('is enough of it, and each finding is among it', () => {
    const states = new Set(vectors.cases.map(({ expected }) => expected.state ?? expected.form));
    expect(vectors.cases.length).toBeGreaterThanOrEqual(80);
    expect([...states].sort()).toEqual([
      'absent',
      'clock_ahead',
      'envelope_rejected',
      'expired',
      'invalid',
      'misaddressed',
      'ok',
      'stale',
      'unknown',
      'unknown_key',
      'unprovisioned',
    ]);
  });

  test.skipIf(!hasOpenSsl())('is what OpenSSL makes here too', { timeout: 60_000 }, () => {
    expect(execFileSync(process.execPath, [fileURLToPath(MADE_BY), '--check'], { encoding: 'utf8' })).toContain(
      'as OpenSSL makes them',
    );
  });

  test('what is found does not depend on anything that is read of a plain command', () => {
    for (const vector of vectors.cases) {
      const { form } = judgeVector(vector);
      const quiet = found(judgeVector(vector, false));
      expect(quiet, vector.name).toEqual(form === 'plain' ? { form } : vector.expected);
    }
  });
});

function hasOpenSsl(): boolean {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' }).startsWith('OpenSSL 3');
  } catch {
    return false;
  }
}

describe('the command of an envelope', () => {
  const envelopes = vectors.cases.filter(({ expected }) => expected.form === 'envelope');

  test('comes out of it where it may run, with the earlier one of both deadlines', () => {
    const runs = envelopes.filter(({ expected }) => expected.state === 'ok');
    expect(runs.length).toBeGreaterThan(5);
    for (const vector of runs) {
      const judged = judgeVector(vector);
      const outer = JSON.parse(Buffer.from(vector.body, 'base64').toString()) as {
        expires_at: string;
        command: { deadline_at?: string };
      };
      const earlier = Math.min(Date.parse(outer.expires_at), Date.parse(outer.command.deadline_at ?? outer.expires_at));
      expect(judged.form !== 'unknown' && judged.decoded, vector.name).toMatchObject({
        ok: true,
        command: { requestId: 'r-1', deadlineAtNs: BigInt(earlier) * 1_000_000n },
      });
    }
  });

  test('never comes out as a command where it may not', () => {
    const refused = envelopes.filter(({ expected }) => expected.state !== 'ok');
    expect(refused.length).toBeGreaterThan(20);
    for (const vector of refused) {
      const judged = judgeVector(vector);
      expect(judged.form !== 'unknown' && judged.decoded.ok, vector.name).toBe(false);
    }
  });
});

test('without headers a message of any bytes is unsigned, and nothing is thrown', () => {
  const by = { ring: ringOf('usual'), pcId: 'PC-1', nowNs: 0n };
  for (const body of ['', '{', '{"kind":', 'null', '"kind"', '[{"kind":"kanade.command.v2"}]']) {
    expect(found(judge(Buffer.from(body), NO_HEADERS, true, by))).toEqual({
      form: 'plain',
      state: 'absent',
      kid: null,
    });
  }
});
