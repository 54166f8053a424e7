import { describe, expect, test } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { headerLookup, ringEntry, signedHeaders, signingKey, verifierOf } from '../../../test/support/signing.ts';
import { systemClock } from '../../base/clock.ts';
import { SIGNATURE_MODES } from '../../shared/signatures.ts';
import type { RingText } from './key-store.ts';
import { NO_HEADERS, signatureHeaders } from './signature.ts';

const [A, B] = [signingKey(1), signingKey(2)];
const ringText = (...entries: object[]): RingText => ({ kind: 'text', text: JSON.stringify(entries) });
const RING = ringText(ringEntry('a', A));
const body = Buffer.from(commandJson('r1'));
const headersOf = (kid: string, key = A, of: Uint8Array = body) => {
  return signatureHeaders(headerLookup(signedHeaders(kid, key, of)));
};
const envelope = Buffer.from(
  JSON.stringify({
    kind: 'kanade.command.v2',
    target_pc_id: 'PC-1',
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    command: JSON.parse(commandJson('r1')) as unknown,
  }),
);

const isNew = () => false;

describe.each(SIGNATURE_MODES)('%s', (mode) => {
  const told: unknown[] = [];
  const verifier = verifierOf({ mode, ring: () => RING, onFinding: (...finding) => told.push(finding) });
  const off = mode === 'off';

  test('a command that is signed runs, and whose signature it is goes with it', () => {
    told.length = 0;
    const signature = off ? null : { state: 'ok', kid: 'a' };
    expect(verifier.judge(body, headersOf('a'), isNew)).toMatchObject({
      kind: 'accepted',
      signature,
      decoded: { ok: true },
    });
    expect(told).toEqual(off ? [] : [['ok', false]]);
  });

  test.each([
    ['unsigned', NO_HEADERS, 'absent', null],
    ['forged', headersOf('a', B), 'invalid', null],
    ['signed by a stranger', headersOf('b', B), 'unknown_key', 'b'],
  ])('one that is %s runs only where nobody requires more', (_what, headers, state, kid) => {
    told.length = 0;
    const signature = off ? null : { state, kid };
    const kind = mode === 'require' ? 'refused' : 'accepted';
    expect(verifier.judge(body, headers, isNew)).toMatchObject({ kind, signature });
    expect(told).toEqual(off ? [] : [[state, mode === 'require']]);
  });

  test('an envelope is looked at in any case', () => {
    told.length = 0;
    expect(verifier.judge(envelope, headersOf('a', A, envelope), isNew)).toMatchObject({
      kind: 'accepted',
      signature: { state: 'ok', kid: 'a' },
      decoded: { ok: true, command: { requestId: 'r1' } },
    });
    expect(verifier.judge(envelope, NO_HEADERS, isNew)).toMatchObject({
      kind: 'refused',
      form: 'envelope',
      state: 'absent',
    });
    expect(told).toEqual([
      ['ok', false],
      ['absent', true],
    ]);
  });

  test('an envelope of another kind is none of ours, and counts for nothing', () => {
    told.length = 0;
    const other = Buffer.from('{"kind":"kanade.command.v9","request_id":"r1"}');
    expect(verifier.judge(other, headersOf('a', A, other), isNew)).toMatchObject({
      kind: 'unknown_envelope',
      found: { kind: 'unsupported', error: 'kind: expected "kanade.command.v2", found "kanade.command.v9"' },
    });
    expect(told).toEqual([]);
  });
});

test('without a key everything is refused where signatures are required, and nothing where they are not', () => {
  const require = verifierOf({ mode: 'require' });
  expect(require.judge(body, headersOf('a'), isNew)).toMatchObject({ kind: 'refused', state: 'unprovisioned' });
  expect(require.judge(body, NO_HEADERS, isNew)).toMatchObject({ kind: 'refused', state: 'absent' });
  expect(verifierOf({ mode: 'report' }).judge(body, NO_HEADERS, isNew)).toMatchObject({ kind: 'accepted' });
});

test('a key that has come meanwhile is found by the first command that it signs; one that went is gone with a heartbeat', () => {
  let ring = RING;
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const verifier = verifierOf({ mode: 'require', ring: () => ring, clock });
  ring = ringText(ringEntry('a', A), ringEntry('b', B));
  const byB = headersOf('b', B);
  expect(verifier.judge(body, byB, isNew)).toMatchObject({ kind: 'refused', state: 'unknown_key' });
  nowMs = 1_000;
  expect(verifier.judge(body, byB, isNew)).toMatchObject({ kind: 'accepted', signature: { state: 'ok', kid: 'b' } });
  ring = ringText(ringEntry('b', B));
  expect(verifier.judge(body, headersOf('a'), isNew)).toMatchObject({ kind: 'accepted' });
  verifier.refresh();
  expect(verifier.judge(body, headersOf('a'), isNew)).toMatchObject({ kind: 'refused', state: 'unknown_key' });
  expect(verifier.view()).toMatchObject({ mode: 'require', keys: [{ kid: 'b' }], problem: null });
});
