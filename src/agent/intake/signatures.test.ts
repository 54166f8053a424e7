import { describe, expect, test, vi } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { headerLookup, ringEntry, signedHeaders, signingKey, verifierOf } from '../../../test/support/signing.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { SignatureMode } from '../../shared/signatures.ts';
import type { RingText } from '../signing/key-store.ts';
import type { Verifier } from '../signing/verifier.ts';
import { signatureCounter } from '../store/counters.ts';
import { decodeAdmitted } from '../wire/envelope.ts';
import { Intake } from './intake.ts';

const KEY = signingKey(1);
const OTHER = signingKey(2);
const RING = { kind: 'text', text: JSON.stringify([ringEntry('backend', KEY)]) } as const;
const SIGNED_AT_MS = Date.now() - 1_000;
const NOT_SIGNED =
  'refused: command carried no signature, and this host requires one. If this came from `kanade run`, set the ' +
  'break-glass key; if from the backend, that backend is not signing yet.';

function setUp(
  mode: SignatureMode,
  ring: RingText = RING,
  store = testStore(tempDir()),
  onFinding = () => {},
  clock: Clock = systemClock,
  ready?: Verifier,
) {
  const admitted: string[] = [];
  const intake = new Intake({
    pcId: 'PC-1',
    store,
    verifier:
      ready ??
      verifierOf({
        mode,
        ring: () => ring,
        clock,
        onFinding: (state, refused) => {
          onFinding();
          store.counters.bump(signatureCounter(state));
          if (refused) store.counters.bump('signature_refused');
        },
      }),
    groups: new WatchedCell<ReadonlySet<string> | null>(new Set()),
    maxPayloadBytes: () => 1_048_576,
    serverNowMs: () => null,
    clock,
    log: silentLogger,
    onSeen() {},
    onArrival() {},
    onAdmitted: (_run, { requestId }) => admitted.push(requestId),
    onQueued() {},
  });
  intake.begin();
  /** Resolves when the message is acknowledged. */
  const send = (body: string, headers: Readonly<Record<string, string>> | null = null) =>
    new Promise<void>((ack) => {
      const header = headers === null ? {} : { header: headerLookup(headers) };
      intake.receive('replay', { subject: 'commands.pc.PC-1', data: Buffer.from(body), ack, ...header });
    });
  const results = () =>
    store.outbox.waiting(true, 100).map(({ body }) => JSON.parse(Buffer.from(body).toString()) as object);
  const rows = () => store.history.list({}, Number.POSITIVE_INFINITY, 100);
  return { store, intake, admitted, send, results, rows };
}

const signed = (body: string, key = KEY) => signedHeaders('backend', key, body);
const envelopeOf = (command: string, more: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    kind: 'kanade.command.v2',
    target_pc_id: 'PC-1',
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    command: JSON.parse(command) as unknown,
    ...more,
  });

describe('required', () => {
  test('a command that is not signed is not run, and answered 123 in the words and under the id of the original', async () => {
    const { admitted, send, results, rows } = setUp('require');
    await send(commandJson('r1', { exec_id: 'e1' }));
    expect(admitted).toEqual([]);
    expect(results()).toEqual([
      expect.objectContaining({
        // uuid5(NAMESPACE_OID, 'r1|PC-1|signature-refused'), by Python.
        result_id: '3eb9b53e-756d-5640-944a-c717e516dabd',
        request_id: 'r1',
        exec_id: 'e1',
        manifest_id: 'job-1',
        exit_code: 123,
        skipped: false,
        stdout: '',
        stderr: NOT_SIGNED,
      }),
    ]);
    expect(rows()).toMatchObject([
      {
        requestId: 'r1',
        reason: 'SIGNATURE',
        exitCode: 123,
        signature: 'absent',
        signedBy: null,
        detail: 'it is not signed',
      },
    ]);
  });

  test('one that is signed runs, and its row says by whom', async () => {
    const { admitted, send, rows } = setUp('require');
    const body = commandJson('r1');
    await send(body, signed(body));
    expect(admitted).toEqual(['r1']);
    expect(rows()).toMatchObject([{ requestId: 'r1', state: 'admitted', signature: 'ok', signedBy: 'backend' }]);
  });

  test('the refused copy of a command keeps the command itself not away, whichever comes first', async () => {
    const { admitted, send, results, rows, store } = setUp('require');
    const body = commandJson('r1');
    await send(body);
    await send(body, signed(body, OTHER));
    await send(body, signed(body));
    expect(admitted).toEqual(['r1']);
    expect(rows().map(({ signature }) => signature)).toEqual(['ok', 'invalid', 'absent']);
    // Whoever forges twice is answered once.
    expect(results()).toHaveLength(1);
    expect(store.counters.all()).toMatchObject({
      signature_ok: 1,
      signature_absent: 1,
      signature_invalid: 1,
      signature_refused: 2,
    });
  });

  test('a forged copy of a command that is here already is shown and not answered: its id has its one result', async () => {
    const { admitted, send, results, rows } = setUp('require');
    const body = commandJson('r1');
    await send(body, signed(body));
    await send(commandJson('r1', { script: 'rm -rf /' }), signed(body));
    await send(commandJson('r1', { script: 'rm -rf /tmp' }));
    expect(admitted).toEqual(['r1']);
    expect(results()).toEqual([]);
    expect(rows()).toMatchObject([
      { requestId: 'r1', resultId: null, reason: 'SIGNATURE', exitCode: null, signature: 'absent' },
      { requestId: 'r1', resultId: null, reason: 'SIGNATURE', exitCode: null, signature: 'invalid' },
      { signature: 'ok' },
    ]);
  });

  test('a message that comes again is run once and refused once, signed anew or not', async () => {
    const { admitted, send, rows, store } = setUp('require');
    const body = commandJson('r1');
    await send(body, signed(body));
    await send(body, signed(body));
    await send(body, signedHeaders('backend', KEY, body, Date.now() + 5));
    const unsigned = commandJson('r2');
    for (let copy = 0; copy < 3; copy += 1) await send(unsigned);
    expect(admitted).toEqual(['r1']);
    expect(rows()).toHaveLength(2);
    expect(store.counters.all()).toMatchObject({ duplicates: 4, conflicts: 0 });
  });

  test('the refusal is known to a later process', async () => {
    const first = setUp('require');
    await first.send(commandJson('r1'));
    const again = new Intake({
      pcId: 'PC-1',
      store: first.store,
      verifier: verifierOf({ mode: 'require', ring: () => RING }),
      groups: new WatchedCell<ReadonlySet<string> | null>(new Set()),
      maxPayloadBytes: () => 1_048_576,
      serverNowMs: () => null,
      clock: systemClock,
      log: silentLogger,
      onSeen() {},
      onArrival() {},
      onAdmitted() {},
      onQueued() {},
    });
    again.begin();
    again.receive('replay', { subject: 'commands.all', data: Buffer.from(commandJson('r1')) });
    await eventually(() => expect(first.store.counters.all().duplicates).toBe(1));
    expect(first.rows()).toHaveLength(1);
  });

  test.each([
    ['that answers after a while', true, ['r3', 'r1', 'r2'], 1],
    ['that is away', false, ['r3'], 0],
  ])(
    'what a new key has signed waits until it is known of a ring %s; nothing else does',
    async (_what, answers, admitted, reads) => {
      let nowMs = 0;
      const answer = Promise.withResolvers<boolean>();
      const ringAfter = {
        kind: 'text',
        text: JSON.stringify([ringEntry('backend', KEY), ringEntry('new', OTHER)]),
      } as const;
      const ring = { now: RING as RingText, reads: 0 };
      const verifier = verifierOf({
        mode: 'require',
        ring: () => {
          ring.reads += 1;
          return ring.now;
        },
        ringPath: { ask: async () => true, answers: () => answer.promise },
        clock: { ...systemClock, monotonicMs: () => nowMs },
      });
      const {
        intake,
        admitted: seen,
        send,
        rows,
      } = setUp('require', RING, testStore(tempDir()), () => {}, systemClock, verifier);
      ring.now = ringAfter;
      ring.reads = 0;
      nowMs = 2_000;
      const bodies = ['r1', 'r2'].map((id) => commandJson(id));
      const sent = bodies.map((body) => send(body, signedHeaders('new', OTHER, body)));
      const known = commandJson('r3');
      await send(known, signed(known));
      expect([seen, ring.reads]).toEqual([['r3'], 0]);
      answer.resolve(answers);
      await Promise.all(sent);
      expect([seen, ring.reads]).toEqual([admitted, reads]);
      expect(rows().filter(({ reason }) => reason === 'SIGNATURE')).toHaveLength(3 - admitted.length);
      intake.close();
    },
  );

  test('a message is judged after one look at a ring that answers slowly, also where the next look is due by then', async () => {
    let nowMs = 0;
    let [asked, reads] = [0, 0];
    const verifier = verifierOf({
      mode: 'require',
      ring: () => {
        reads += 1;
        return RING;
      },
      ringPath: {
        ask: async () => true,
        answers: async () => {
          asked += 1;
          // A new question may be put each second. One that has no end would take the test's own thread.
          if (asked > 3) return new Promise<boolean>(() => {});
          nowMs += 2_000;
          return true;
        },
      },
      clock: { ...systemClock, monotonicMs: () => nowMs },
    });
    const { intake, send, rows } = setUp('require', RING, testStore(tempDir()), () => {}, systemClock, verifier);
    nowMs = 2_000;
    reads = 0;
    const body = commandJson('r1');
    await send(body, signedHeaders('new', OTHER, body));
    expect([asked, reads]).toEqual([1, 1]);
    expect(rows()).toMatchObject([{ requestId: 'r1', reason: 'SIGNATURE', signature: 'unknown_key' }]);
    intake.close();
  });

  test.each([
    ['cut', '{"id":"job-1","request_id":"r1"', null, 0],
    ['of no use as a command', '{"request_id":"r1","operation":null}', 'r1', 1],
    ['with an id that is no part of a subject', '{"request_id":"a b"}', null, 0],
  ])(
    'an unsigned message that is %s is refused for its signature first of all',
    async (_what, body, requestId, count) => {
      const { send, results, rows } = setUp('require');
      await send(body);
      expect(rows()).toMatchObject([{ reason: 'SIGNATURE', requestId, signature: 'absent' }]);
      expect(results()).toHaveLength(count);
    },
  );

  test('a signed one that can not be read is answered as any other', async () => {
    const { send, results, rows } = setUp('require');
    const body = '{"request_id":"r1","id":"a"}';
    await send(body, signed(body));
    expect(rows()).toMatchObject([{ reason: 'BAD_MESSAGE', signature: 'ok', signedBy: 'backend' }]);
    expect(results()).toMatchObject([{ request_id: 'r1', exit_code: -1 }]);
  });
});

describe('reported', () => {
  test('all of it runs, and what would have been refused is counted and stands in its row', async () => {
    const { admitted, send, results, rows, store } = setUp('report');
    const body = commandJson('r2');
    await send(commandJson('r1'));
    await send(body, signed(body, OTHER));
    await send(commandJson('r3'), signedHeaders('next', OTHER, commandJson('r3')));
    await send(commandJson('r4'), signed(commandJson('r4')));
    expect(admitted).toEqual(['r1', 'r2', 'r3', 'r4']);
    expect(results()).toEqual([]);
    expect(rows().map(({ signature, signedBy }) => [signature, signedBy])).toEqual([
      ['ok', 'backend'],
      ['unknown_key', 'next'],
      ['invalid', null],
      ['absent', null],
    ]);
    expect(store.counters.all()).toMatchObject({
      signature_ok: 1,
      signature_absent: 1,
      signature_invalid: 1,
      signature_unknown_key: 1,
      signature_refused: 0,
    });
  });
});

describe('an envelope', () => {
  test.each(['off', 'report', 'require'] as const)(
    'that is signed for this PC runs (%s), within its time',
    async (mode) => {
      const { admitted, send, rows, store } = setUp(mode);
      const body = envelopeOf(commandJson('r1'));
      await send(body, signed(body));
      expect(admitted).toEqual(['r1']);
      const [row] = rows();
      expect(row).toMatchObject({ requestId: 'r1', manifestId: 'job-1', signature: 'ok', signedBy: 'backend' });
      // It goes through the gates by the row alone, over a restart too.
      const { expires_at: expires } = JSON.parse(body) as { expires_at: string };
      expect(decodeAdmitted(store.inbox.body(runIdOf(row?.run ?? 0)))).toMatchObject({
        ok: true,
        command: { requestId: 'r1', deadlineAtNs: BigInt(Date.parse(expires)) * 1_000_000n },
      });
    },
  );

  test.each([
    ['for another PC', envelopeOf(commandJson('r1'), { target_pc_id: 'PC-2' }), 'MISADDRESSED', 'misaddressed'],
    [
      'whose time is over',
      envelopeOf(commandJson('r1'), { expires_at: new Date(SIGNED_AT_MS + 500).toISOString() }),
      'EXPIRED_ENV',
      'expired',
    ],
    ['with one field more', envelopeOf(commandJson('r1'), { extra: true }), 'SIGNATURE', 'envelope_rejected'],
  ])('%s is refused in any case, shown, and not answered', async (_what, body, reason, signature) => {
    const { admitted, send, results, rows } = setUp('off');
    await send(body, signedHeaders('backend', KEY, body, SIGNED_AT_MS));
    expect(admitted).toEqual([]);
    expect(results()).toEqual([]);
    expect(rows()).toMatchObject([{ reason, exitCode: null, resultId: null, signature, signedBy: 'backend' }]);
  });

  test('that was refused keeps its command not away', async () => {
    const { admitted, send } = setUp('require');
    const body = envelopeOf(commandJson('r1'));
    await send(body);
    await send(body, signed(body));
    expect(admitted).toEqual(['r1']);
  });
});

describe('a copy of what is recorded is a duplicate, and nothing is found of it', () => {
  const at = { ms: Date.now() };
  const clock = { ...systemClock, nowMs: () => at.ms, nowNs: () => BigInt(at.ms) * 1_000_000n };
  const withMaxAge = {
    kind: 'text',
    text: JSON.stringify([{ ...ringEntry('backend', KEY), max_age_secs: 10 }]),
  } as const;
  const plain = commandJson('r1');
  const other = commandJson('r1', { script: 'echo other' });
  const cut = '{"id":"job-1"';

  test.each<[string, readonly string[], SignatureMode, RingText, RingText, number]>([
    ['an envelope that has expired since', [envelopeOf(plain)], 'off', RING, RING, 120_000],
    ['one whose key is gone', [plain], 'require', RING, { kind: 'absent' }, 0],
    ['one whose key is gone, where that is only reported', [plain], 'report', RING, { kind: 'absent' }, 0],
    ['one that has become too old for its key', [plain], 'require', withMaxAge, withMaxAge, 60_000],
    ['one with the id of another', [plain, other], 'require', RING, { kind: 'absent' }, 0],
    ['one that can not be read', [cut], 'require', RING, { kind: 'absent' }, 0],
  ])('%s', async (_what, bodies, mode, ring, ringAfter, laterMs) => {
    at.ms = Date.now();
    const messages = bodies.map((body) => [body, signedHeaders('backend', KEY, body, at.ms)] as const);
    const before = setUp(mode, ring, testStore(tempDir()), () => {}, clock);
    for (const [body, headers] of messages) await before.send(body, headers);
    const { rows, store } = before;
    const [rowsBefore, countersBefore] = [rows(), store.counters.all()];
    // As a later process, which knows no more than the store.
    at.ms += laterMs;
    const found = vi.fn();
    const after = setUp(mode, ringAfter, store, found, clock);
    for (const [body, headers] of messages) await after.send(body, headers);
    expect(found).not.toHaveBeenCalled();
    expect(rows()).toEqual(rowsBefore);
    expect(store.counters.all()).toEqual({ ...countersBefore, duplicates: countersBefore.duplicates + bodies.length });
  });

  test('so is one of what was refused', async () => {
    const { send, rows, store } = setUp('require');
    await send(plain);
    const found = vi.fn();
    const after = setUp('require', RING, store, found);
    await after.send(plain);
    expect(found).not.toHaveBeenCalled();
    expect(rows()).toHaveLength(1);
    expect(store.counters.all()).toMatchObject({ signature_refused: 1, duplicates: 1 });
  });

  test('also one that comes while the first is being recorded', async () => {
    const { send, rows, store } = setUp('require');
    await Promise.all([send(plain, signed(plain)), send(plain, signed(plain, OTHER))]);
    expect(rows()).toHaveLength(1);
    expect(store.counters.all().duplicates).toBe(1);
  });
});

test('what was refused stays refused when its key comes later', async () => {
  const before = setUp('require', { kind: 'absent' });
  const body = commandJson('r1');
  const headers = signed(body);
  await before.send(body, headers);
  const { admitted, send, rows, store } = setUp('require', RING, before.store);
  await send(body, headers);
  expect(rows()).toHaveLength(1);
  expect(admitted).toEqual([]);
  expect(store.counters.all().duplicates).toBe(1);
  // Sent again by IT it is signed again.
  await send(body, signedHeaders('backend', KEY, body, Date.now() + 1_500));
  expect(admitted).toEqual(['r1']);
});

test.each([
  [new RangeError('Maximum call stack size exceeded'), 'recorded'],
  [Object.assign(new Error('a string too long'), { code: 'ERR_STRING_TOO_LONG' }), 'recorded'],
  [Object.assign(new Error('too many open files'), { code: 'EMFILE' }), 'asked for again'],
  [Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' }), 'asked for again'],
])('a message on which judging fails with "%s" is %s', async (error, expected) => {
  const store = testStore(tempDir());
  const { intake, rows } = setUp('require', RING, store, () => {
    throw error;
  });
  const answer = await new Promise((resolve) => {
    intake.receive('replay', {
      subject: 'commands.pc.PC-1',
      data: Buffer.from(commandJson('r1')),
      ack: () => resolve('recorded'),
      nak: () => resolve('asked for again'),
    });
  });
  expect(answer).toBe(expected);
  expect(rows().map(({ reason }) => reason)).toEqual(expected === 'recorded' ? ['BAD_MESSAGE'] : []);
});

test('a signature as long as a message can be is only a wrong one', async () => {
  const { send, rows } = setUp('require');
  await send(commandJson('r1'), { ...signed(commandJson('r1')), 'Kanade-Sig': 'A'.repeat(8 * 1024 * 1024) });
  expect(rows()).toMatchObject([{ reason: 'SIGNATURE', signature: 'invalid' }]);
});
