/** `keys`, `rotate`, `revoke` and `sign`: what needs no broker. Each says what it has written. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError, say } from '../../scripts/bootstrap/say.mjs';
import { parseCanonical } from '../../src/agent/update/canonical.ts';
import { openEnvelope, PAYLOAD_TYPES, type PublicKey, type Role } from '../../src/agent/update/envelope.ts';
import type { KeyList } from '../../src/agent/update/keys.ts';
import { checkRelease, MAX_PACKAGE_BYTES, releaseSchema } from '../../src/agent/update/manifest.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { signedTimeText } from '../../src/agent/update/signed-time.ts';
import { unpack } from '../../src/agent/update/unpack.ts';
import { lastSerial, newestList, newKey, nextSerial, privateKeys, readLists, writeList } from './desk.ts';
import { envelopeOf, type SigningKey, seal, sealRelease } from './documents.ts';
import type { Options } from './options.ts';

const DAY_MS = 24 * 3_600_000;

export function makeKeys(options: Options): void {
  const [dir, recovery] = [options.text('dir'), options.text('recovery')];
  if (readLists(dir).length > 0) throw new CliError(`${dir} has a key list already: use "rotate".`);
  const release = newKey(dir, 'release');
  const kept = newKey(recovery, 'recovery');
  const keys: KeyList = {
    ...times(options.number('days', 3650)),
    floor: 0,
    format: 1,
    recovery: roleOf(kept.key, 'Recovery'),
    release: roleOf(release.key, options.text('name', 'Release')),
    trust: randomBytes(16).toString('hex'),
    version: 1,
  };
  say(`Release key:  ${release.file}`);
  say(`Recovery key: ${kept.file}`);
  say(`Key list:     ${writeList(dir, keys, [kept.key])}`);
}

/** A new release key in the place of all before; with `--add` beside them; with `--recovery-key` a new recovery key. */
export function rotate(options: Options): void {
  const [dir, recovery] = [options.text('dir'), options.text('recovery')];
  const before = newestList(dir);
  const signers = privateKeys(recovery, idsOf(before.recovery));
  const forRecovery = options.flag('recovery-key');
  const made = newKey(forRecovery ? recovery : dir, forRecovery ? 'recovery' : 'release');
  const fresh = publicOf(made.key, options.text('name', forRecovery ? 'Recovery' : 'Release'));
  const role = before[forRecovery ? 'recovery' : 'release'];
  const kept = options.flag('add') ? role.keys : [];
  const threshold = options.number('threshold', Math.min(role.threshold, kept.length + 1));
  const next = { keys: [...kept, fresh], threshold };
  const changed = forRecovery ? { recovery: next } : { release: next };
  const file = writeList(dir, following(before, dir, options, changed), forRecovery ? [...signers, made.key] : signers);
  say(`New key:  ${made.file}`);
  say(`Key list: ${file}`);
}

/** Withdraws a release key; where it was the last one a new one takes its place. */
export function revoke(options: Options): void {
  const [dir, recovery, id] = [options.text('dir'), options.text('recovery'), options.text('key')];
  const before = newestList(dir);
  const gone = before.release.keys.filter((key) => key.id.startsWith(id));
  if (id.length < 8 || gone.length !== 1) throw new CliError(`"${id}" is the beginning of no single release key.`);
  let left = before.release.keys.filter((key) => !gone.includes(key));
  if (left.length === 0) {
    const made = newKey(dir, 'release');
    left = [publicOf(made.key, options.text('name', 'Release'))];
    say(`New key:  ${made.file}`);
  }
  const release = { keys: left, threshold: Math.min(before.release.threshold, left.length) };
  const signers = privateKeys(recovery, idsOf(before.recovery));
  say(`Key list: ${writeList(dir, following(before, dir, options, { release }), signers)}`);
  say('What was signed with it counts no more: sign the current release again, and publish both.');
}

/** A manifest for one package; with `--add-to` one more signature on a manifest that is there, and has that package. */
export async function signRelease(options: Options): Promise<void> {
  const dir = options.text('dir');
  const keys = newestList(dir);
  const signers = privateKeys(options.text('keys', dir), idsOf(keys.release));
  if (signers.length === 0) throw new CliError('There is none of the release keys here.');
  const added = options.text('add-to', '');
  const file = options.text('file');
  if (added !== '') return addSignatures(added, file, keys, signers);
  const version = options.text('version');
  const target = { platform: options.text('platform'), arch: options.text('arch') };
  const minFrom = options.text('min-from', '');
  const { created, expires } = times(options.number('days', 90));
  const draft = {
    allow_downgrade: options.flag('allow-downgrade'),
    ...target,
    channel: options.text('channel', 'stable'),
    created: signedTimeText(created),
    expires: signedTimeText(expires),
    format: 1,
    min_from: minFrom === '' ? null : minFrom,
    object: releaseObjects(version, target).package,
    serial: nextSerial(dir),
    sha256: await sha256Of(file),
    size: statSync(file).size,
    trust: keys.trust,
    unpacked_size: await unpackedBytesOf(file),
    version,
  };
  const read = releaseSchema.safeParse(draft);
  if (!read.success)
    throw new CliError(`This can't be signed: ${read.error.issues.map(({ path }) => path.join('.')).join(', ')}.`);
  const out = `${file}.manifest`;
  writeFileSync(out, sealRelease(read.data, signers));
  say(`Manifest ${draft.serial}: ${out}`);
}

/** Unpacked as a PC would: what no PC would take is not signed. */
async function unpackedBytesOf(file: string): Promise<number> {
  const work = mkdtempSync(join(tmpdir(), 'kanade-tray-release-'));
  try {
    const to = join(work, 'tree');
    const signal = new AbortController().signal;
    const unpacked = await unpack({ file, to, unpackedBytes: MAX_PACKAGE_BYTES, signal });
    if (!unpacked.ok) throw new CliError(`No PC would unpack ${file}: ${unpacked.why}.`);
    const files = readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Who signs must have the package, and is told what it is: another's manifest is signed for what is in it, not for its name. */
async function addSignatures(manifest: string, file: string, keys: KeyList, signers: readonly SigningKey[]) {
  const envelope = openEnvelope(readFileSync(manifest), PAYLOAD_TYPES.release);
  if (envelope === null) throw new CliError(`${manifest} is no manifest.`);
  const { payload, payloadType } = envelope;
  const added = openEnvelope(seal(payloadType, payload, signers), payloadType)?.signatures ?? [];
  const others = envelope.signatures.filter(({ keyid }) => !added.some((each) => each.keyid === keyid));
  const body = envelopeOf(payloadType, payload, [...others, ...added]);
  // All but how many have signed: the next one may still be missing.
  const { version, object, sha256 } = await asOnPc(body, manifest, file, {
    ...keys,
    release: { ...keys.release, threshold: 1 },
  });
  writeFileSync(manifest, body);
  say(`Version: ${version}`);
  say(`Object:  ${object}`);
  say(`SHA-256: ${sha256}`);
  say(`${others.length + added.length} signatures: ${manifest}`);
}

/** What a PC would take of a manifest and its package; as a PC decides it. */
export async function checkedRelease(dir: string, file: string) {
  const body = readFileSync(`${file}.manifest`);
  const { version, platform, arch } = await asOnPc(body, `${file}.manifest`, file, newestList(dir));
  return { body, names: releaseObjects(version, { platform, arch }) };
}

async function asOnPc(body: Uint8Array, manifest: string, file: string, keys: KeyList) {
  const payload = openEnvelope(body, PAYLOAD_TYPES.release)?.payload;
  const read = releaseSchema.safeParse(payload && parseCanonical(payload));
  if (!read.success) throw new CliError(`${manifest} is no manifest.`);
  const { version, platform, arch, channel, sha256, size } = read.data;
  const target = { platform, arch };
  const facts = { keys, seen: null, wanted: version, target, channel, installed: version, nowMs: Date.now() };
  const verdict = checkRelease(body, facts);
  if (!verdict.ok) throw new CliError(`No PC would take ${manifest}: ${verdict.why}.`);
  if (statSync(file).size !== size || (await sha256Of(file)) !== sha256) {
    throw new CliError(`${file} is not the package that was signed.`);
  }
  return read.data;
}

function following(before: KeyList, dir: string, options: Options, changed: Partial<KeyList>): KeyList {
  // With the same release keys what a PC has seen goes on counting; with others the floor does.
  const least = changed.release === undefined ? before.floor : Math.max(before.floor, lastSerial(dir));
  const floor = options.number('floor', least);
  return { ...before, ...times(options.number('days', 3650)), ...changed, floor, version: before.version + 1 };
}

function times(days: number): { created: number; expires: number } {
  const created = Math.floor(Date.now() / 1000) * 1000;
  return { created, expires: created + days * DAY_MS };
}

function publicOf({ id, raw }: SigningKey, name: string): PublicKey {
  return { id, raw, name };
}

function roleOf(key: SigningKey, name: string): Role {
  return { keys: [publicOf(key, name)], threshold: 1 };
}

function idsOf({ keys }: Role): string[] {
  return keys.map(({ id }) => id);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
