/**
 * Makes vectors.json: messages, their headers, and what is to be found of each, signed by OpenSSL's command line, so that nothing of ours
 * has a part in them. Ed25519 has no chance in it: the same file comes out each time. `node make-vectors.mjs --check` says whether it does.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE = new URL('vectors.json', import.meta.url);
const NOW = 1_800_000_000_000;
const PC = 'PC-1';
const [SECOND, HOUR, DAY] = [1_000, 3_600_000, 86_400_000];
const directory = mkdtempSync(join(tmpdir(), 'vectors-'));
const openssl = (...args) => execFileSync('openssl', args, { cwd: directory });

/** A key from 32 equal bytes, in OpenSSL's own form. */
function keyOf(name, byte) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  writeFileSync(join(directory, `${name}.der`), der);
  openssl('pkey', '-inform', 'DER', '-in', `${name}.der`, '-out', `${name}.pem`);
  const spki = openssl('pkey', '-in', `${name}.pem`, '-pubout', '-outform', 'DER');
  return { name, publicKey: spki.subarray(-32).toString('base64') };
}

function opensslSign(key, bytes) {
  writeFileSync(join(directory, 'message'), bytes);
  return openssl('pkeyutl', '-sign', '-rawin', '-inkey', `${key.name}.pem`, '-in', 'message');
}

function timed(at, body) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(at));
  return Buffer.concat([bytes, body]);
}

const [backend, next, glass, other] = [keyOf('backend', 1), keyOf('next', 2), keyOf('glass', 3), keyOf('other', 4)];
const entry = (kid, key, more = {}) => ({ kid, public_key: key.publicKey, ...more });
const rings = {
  usual: [entry('backend', backend, { label: 'Backend' }), entry('glass', glass, { max_age_secs: 300 })],
  empty: [],
  both: [entry('backend', backend), entry('next', next)],
  new: [entry('next', next)],
  swapped: [entry('backend', next)],
  patient: [entry('glass', glass, { max_age_secs: 4_000_000_000 })],
};

const command = {
  id: 'job-1',
  version: '1.0.0',
  request_id: 'r-1',
  exec_id: null,
  shell: 'sh',
  script: 'echo 日本',
  timeout_secs: 30,
  jitter_secs: null,
  run_as: 'system',
};
const time = (ms) => new Date(ms).toISOString();
const envelope = (more = {}, expiresAt = time(NOW + HOUR)) => ({
  kind: 'kanade.command.v2',
  target_pc_id: PC,
  expires_at: expiresAt,
  command,
  ...more,
});
const without = (object, ...fields) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !fields.includes(name)));
const bytesOf = (body) =>
  Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

/** The four headers of a message that `key` signs. */
function signed(body, { key = backend, kid = key.name, at = NOW, sign = (text) => timed(at, text) } = {}) {
  return {
    'Kanade-Sig': opensslSign(key, sign(bytesOf(body))).toString('base64'),
    'Kanade-Sig-Kid': kid,
    'Kanade-Sig-Alg': 'ed25519',
    'Kanade-Sig-At': String(at),
  };
}

const cases = [];
function add(
  name,
  { body = command, headers = signed(body), ring = 'usual', now = NOW, original },
  form,
  state,
  kid = null,
) {
  const expected = { form, ...(state === null ? {} : { state, kid }) };
  cases.push({ name, ring, now_ms: now, headers, body: bytesOf(body).toString('base64'), expected, original });
}
const plain = (name, given, state, kid) => add(name, given, 'plain', state, kid);
const sealed = (name, given, state, kid) => add(name, given, 'envelope', state, kid);

// Signed as it should be.
const good = signed(command);
plain('signed now', {}, 'ok', 'backend');
for (const [name, at] of [
  ['a week ago', NOW - 7 * DAY],
  ['8 days ago', NOW - 8 * DAY],
  ['in a year, by a key without a bound', NOW + 365 * DAY],
  ['at the last moment that there is', 2n ** 63n - 1n],
]) {
  plain(`signed ${name}`, { headers: signed(command, { at }) }, 'ok', 'backend');
}
for (const [name, at] of [
  ['8 days and a ms ago', NOW - 8 * DAY - 1],
  ['ten years ago', NOW - 3650 * DAY],
  ['before 1970', -1],
  ['at the first moment that there is', -(2n ** 63n)],
]) {
  plain(
    `signed ${name}, by a key without a bound`,
    { headers: signed(command, { at }), original: 'plain ok' },
    'stale',
    'backend',
  );
}
plain('without a word on the algorithm', { headers: without(good, 'Kanade-Sig-Alg') }, 'ok', 'backend');
plain('a time with a plus', { headers: { ...good, 'Kanade-Sig-At': `+${NOW}` } }, 'ok', 'backend');
plain('a time with zeros in front', { headers: { ...good, 'Kanade-Sig-At': `000${NOW}` } }, 'ok', 'backend');
for (const [name, body] of [
  ['blanks around the JSON', ` ${JSON.stringify(command, null, 2)}\r\n`],
  ['a duplicate key', '{"id":"a","id":"b"}'],
  ['an array', '[1]'],
  ['nothing', ''],
  ['no JSON', 'echo hello'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
  ['a kind inside, not outside', { ...command, staleness: { mode: 'cached', kind: 'kanade.command.v2' } }],
]) {
  plain(`signed over ${name}`, { body }, 'ok', 'backend');
}

// Not signed, or not all of it.
plain('no headers', { headers: {} }, 'absent');
const small = Object.fromEntries(Object.entries(good).map(([name, value]) => [name.toLowerCase(), value]));
plain('headers in lower case are others', { headers: small }, 'absent');
for (const name of Object.keys(good)) plain(`${name} alone`, { headers: { [name]: good[name] } }, 'invalid');
for (const name of ['Kanade-Sig', 'Kanade-Sig-Kid', 'Kanade-Sig-At']) {
  plain(`without ${name}`, { headers: without(good, name) }, 'invalid');
}
for (const at of [
  'abc',
  '',
  '1e12',
  '1800000000000.0',
  '1 800',
  '0x1a3',
  '9223372036854775808',
  '-9223372036854775809',
  '--1',
  '１',
]) {
  plain(`the time ${JSON.stringify(at)}`, { headers: { ...good, 'Kanade-Sig-At': at } }, 'invalid');
}
for (const alg of ['ED25519', 'ed448', 'none', '']) {
  plain(`the algorithm ${JSON.stringify(alg)}`, { headers: { ...good, 'Kanade-Sig-Alg': alg } }, 'invalid');
}

// Whose key.
plain('a key that is not here', { headers: signed(command, { key: other }) }, 'unknown_key', 'other');
for (const kid of ['Backend', '', 'backend ']) {
  plain(`the kid ${JSON.stringify(kid)}`, { headers: { ...good, 'Kanade-Sig-Kid': kid } }, 'unknown_key', kid);
}
plain('a kid of JavaScript', { headers: { ...good, 'Kanade-Sig-Kid': '__proto__' } }, 'unknown_key', '__proto__');
plain('no key at all', { ring: 'empty' }, 'unprovisioned', 'backend');
plain('no key at all, and not signed', { ring: 'empty', headers: {} }, 'absent');
plain('no key at all, and half signed', { ring: 'empty', headers: without(good, 'Kanade-Sig') }, 'invalid');

// The text of the signature.
const text = good['Kanade-Sig'];
const trailing = `${text.slice(0, -3)}${String.fromCharCode(text.charCodeAt(text.length - 3) + 1)}==`;
for (const [name, value] of [
  ['for URLs', Buffer.from(text, 'base64').toString('base64url')],
  ['without its padding', text.replaceAll('=', '')],
  ['with a newline', `${text.slice(0, 40)}\n${text.slice(40)}`],
  ['with a blank in front', ` ${text}`],
  ['with a blank inside', `${text.slice(0, 40)} ${text.slice(40)}`],
  ['with bits that stand for nothing', trailing],
  ['with more behind it', `${text}AAAA`],
  ['of 63 bytes', Buffer.from(text, 'base64').subarray(1).toString('base64')],
  ['of 65 bytes', Buffer.concat([Buffer.from(text, 'base64'), Buffer.from([0])]).toString('base64')],
  ['of nothing', ''],
  ['in hexadecimal', Buffer.from(text, 'base64').toString('hex')],
]) {
  plain(`base64 ${name}`, { headers: { ...good, 'Kanade-Sig': value } }, 'invalid');
}

// Another message, another time, another key.
const changed = bytesOf(command);
changed[changed.length - 2] ^= 1;
plain('one bit of the message is another', { body: changed, headers: good }, 'invalid');
plain('cut by one byte', { body: bytesOf(command).subarray(0, -1), headers: good }, 'invalid');
plain('cut to nothing', { body: '', headers: good }, 'invalid');
plain('one byte more', { body: `${JSON.stringify(command)}\n`, headers: good }, 'invalid');
plain('the same JSON written otherwise', { body: JSON.stringify(command, null, 1), headers: good }, 'invalid');
plain('the time is a ms later', { headers: { ...good, 'Kanade-Sig-At': String(NOW + 1) } }, 'invalid');
const old = signed(command, { key: glass, at: NOW - DAY });
plain('replayed, with the time of now', { headers: { ...old, 'Kanade-Sig-At': String(NOW) } }, 'invalid');
plain('signed without its time', { headers: signed(command, { sign: (body) => body }) }, 'invalid');
const turned = (body) => Buffer.concat([timed(NOW, Buffer.alloc(0)).reverse(), body]);
plain('its time in the other order of bytes', { headers: signed(command, { sign: turned }) }, 'invalid');
plain('signed by another under this kid', { headers: signed(command, { key: other, kid: 'backend' }) }, 'invalid');
plain('the kid of another key of the ring', { headers: { ...good, 'Kanade-Sig-Kid': 'glass' } }, 'invalid');
plain('all zeros', { headers: { ...good, 'Kanade-Sig': Buffer.alloc(64).toString('base64') } }, 'invalid');
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const raw = Buffer.from(text, 'base64');
const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString('hex')}`) + L;
const second = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]);
plain(
  'the second form of the same signature',
  { headers: { ...good, 'Kanade-Sig': second.toString('base64') } },
  'invalid',
);
const swappedHalves = Buffer.concat([raw.subarray(32), raw.subarray(0, 32)]).toString('base64');
plain('its halves exchanged', { headers: { ...good, 'Kanade-Sig': swappedHalves } }, 'invalid');
plain('the signature of another message', { headers: signed({ ...command, script: 'rm -rf /' }) }, 'invalid');

// How old.
for (const [name, at, state] of [
  ['now', NOW, 'ok'],
  ['exactly as long ago as it may be', NOW - 300 * SECOND, 'ok'],
  ['a ms longer ago', NOW - 300 * SECOND - 1, 'stale'],
  ['exactly as far ahead as it may be', NOW + 300 * SECOND, 'ok'],
  ['a ms further ahead', NOW + 300 * SECOND + 1, 'stale'],
  ['a week ago', NOW - 7 * DAY, 'stale'],
  ['at the last moment that there is', 2n ** 63n - 1n, 'stale'],
  ['at the first moment that there is', -(2n ** 63n), 'stale'],
]) {
  plain(`by a key for emergencies, ${name}`, { headers: signed(command, { key: glass, at }) }, state, 'glass');
}
const forged = { ...signed(command, { key: other, kid: 'glass', at: NOW - DAY }) };
plain('old and forged is forged', { headers: forged }, 'invalid');
plain(
  'by a patient key, a week ago',
  { ring: 'patient', headers: signed(command, { key: glass, at: NOW - 7 * DAY }) },
  'ok',
  'glass',
);
const fresh = signed(command, { key: glass });
plain('the clock of the PC is an hour behind', { now: NOW - HOUR, headers: fresh }, 'stale', 'glass');
plain('the clock of the PC is an hour ahead', { now: NOW + HOUR, headers: fresh }, 'stale', 'glass');

// A key is rotated.
const byNext = signed(command, { key: next });
plain('before: the new key is not here', { headers: byNext }, 'unknown_key', 'next');
plain('both: the old key', { ring: 'both' }, 'ok', 'backend');
plain('both: the new key', { ring: 'both', headers: byNext }, 'ok', 'next');
plain('after: the new key', { ring: 'new', headers: byNext }, 'ok', 'next');
plain('after: the old key is not here', { ring: 'new' }, 'unknown_key', 'backend');
plain('another key under the old kid', { ring: 'swapped' }, 'invalid');

// Envelopes.
sealed('an envelope', { body: envelope() }, 'ok', 'backend');
sealed(
  'one for a command that may start for less long',
  { body: envelope({ command: { ...command, deadline_at: time(NOW) } }) },
  'ok',
  'backend',
);
sealed(
  'one for a command that may start for longer',
  { body: envelope({ command: { ...command, deadline_at: time(NOW + DAY) } }) },
  'ok',
  'backend',
);
sealed('exactly at its last moment', { body: envelope({}, time(NOW)) }, 'ok', 'backend');
const over = envelope({}, time(NOW - 1));
sealed('a ms after its last moment', { body: over, headers: signed(over, { at: NOW - HOUR }) }, 'expired', 'backend');
sealed(
  'the command may not start any more',
  { body: envelope({ command: { ...command, deadline_at: time(NOW - 1) } }) },
  'expired',
  'backend',
);
sealed('expiry in another time zone', { body: envelope({}, '2027-01-15T17:30:00.5+09:00') }, 'ok', 'backend');
sealed(
  'expiry in another time zone, over',
  {
    body: envelope({}, '2027-01-15T16:59:59+09:00'),
    headers: signed(envelope({}, '2027-01-15T16:59:59+09:00'), { at: NOW - HOUR }),
  },
  'expired',
  'backend',
);
const far = envelope({}, time(NOW + 2 * HOUR));
sealed('signed an hour ahead', { body: far, headers: signed(far, { at: NOW + HOUR }) }, 'ok', 'backend');
sealed('signed a ms more ahead', { body: far, headers: signed(far, { at: NOW + HOUR + 1 }) }, 'clock_ahead', 'backend');
sealed('the clock of the PC is two hours behind', { body: envelope(), now: NOW - 2 * HOUR }, 'clock_ahead', 'backend');
sealed('the clock of the PC is two hours ahead', { body: envelope(), now: NOW + 2 * HOUR }, 'expired', 'backend');
sealed('over before it was signed', { body: over }, 'envelope_rejected', 'backend');
const long = envelope({}, time(NOW + 7 * DAY));
sealed('good for 7 days', { body: long }, 'ok', 'backend');
sealed('good for a ms more', { body: long, headers: signed(long, { at: NOW - 1 }) }, 'envelope_rejected', 'backend');
const emergency = (at) => ({ body: envelope(), headers: signed(envelope(), { key: glass, at }) });
sealed('by a key for emergencies', emergency(NOW - 300 * SECOND), 'ok', 'glass');
sealed('by a key for emergencies, a ms too old', emergency(NOW - 300 * SECOND - 1), 'expired', 'glass');
sealed('by a key for emergencies, ahead within the hour', emergency(NOW + 30 * 60 * SECOND), 'ok', 'glass');
for (const target of ['PC-2', 'pc-1', 'PC-1 ', 'PC-10']) {
  sealed(`for ${JSON.stringify(target)}`, { body: envelope({ target_pc_id: target }) }, 'misaddressed', 'backend');
}
for (const [name, body] of [
  ['for nobody', without(envelope(), 'target_pc_id')],
  ['for null', envelope({ target_pc_id: null })],
  ['for ""', envelope({ target_pc_id: '' })],
  ['for a list', envelope({ target_pc_id: [PC] })],
  ['without an expiry', without(envelope(), 'expires_at')],
  ['with an expiry of null', envelope({ expires_at: null })],
  ['with an expiry in ms', envelope({ expires_at: NOW + HOUR })],
  ['with an expiry that is no time', envelope({ expires_at: 'tomorrow' })],
  ['without a command', without(envelope(), 'command')],
  ['with a command of null', envelope({ command: null })],
  ['with a command that lacks its script', envelope({ command: without(command, 'script') })],
  ['with one field more', envelope({ extra: 1 })],
  ['with a typed command', envelope({ command: { ...command, command_kind: 'typed_operation' } })],
  ['with a command_kind of null', envelope({ command: { ...command, command_kind: null } })],
  ['with a key twice', JSON.stringify(envelope()).replace('{', '{"target_pc_id":"PC-1",')],
  ['with its kind twice', JSON.stringify(envelope()).replace('{', '{"kind":"kanade.command.v2",')],
  ['with a key of its command twice', JSON.stringify(envelope()).replace('"id":', '"id":"x","id":')],
]) {
  sealed(name, { body }, 'envelope_rejected', 'backend');
}
sealed(
  'with command_kind "shell"',
  { body: envelope({ command: { ...command, command_kind: 'shell' } }) },
  'ok',
  'backend',
);
sealed('not signed', { body: envelope(), headers: {} }, 'absent');
sealed(
  'signed by a key that is not here',
  { body: envelope(), headers: signed(envelope(), { key: other }) },
  'unknown_key',
  'other',
);
sealed('no key at all', { body: envelope(), ring: 'empty' }, 'unprovisioned', 'backend');
sealed('given another target', { body: envelope(), headers: signed(envelope({ target_pc_id: 'PC-2' })) }, 'invalid');
sealed('given another expiry', { body: envelope(), headers: signed(over) }, 'invalid');
sealed(
  'expired and forged is forged',
  { body: over, headers: signed(over, { key: other, kid: 'backend' }) },
  'invalid',
);
const elsewhere = envelope({ target_pc_id: 'PC-2' }, time(NOW - HOUR));
sealed(
  'for another PC and over',
  { body: elsewhere, headers: signed(elsewhere, { at: NOW - DAY }) },
  'misaddressed',
  'backend',
);
plain(
  'an envelope that was cut is none',
  { body: bytesOf(envelope()).subarray(0, -1), headers: signed(envelope()) },
  'invalid',
);
for (const kind of ['kanade.command.v3', 'KANADE.COMMAND.V2', '', null, 2]) {
  add(`of the kind ${JSON.stringify(kind)}`, { body: envelope({ kind }) }, 'unknown', null);
}

rmSync(directory, { recursive: true });
const made = { pc_id: PC, rings, cases };
if (process.argv.includes('--check')) {
  const same = JSON.stringify(JSON.parse(readFileSync(FILE, 'utf8'))) === JSON.stringify(made);
  console.log(same ? `${cases.length} vectors, as OpenSSL makes them` : 'vectors.json is not what OpenSSL makes');
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`);
  console.log(`${cases.length} vectors; npm run format puts them into form`);
}
