/** `keys`, `rotate`, `revoke` and `sign`: what needs no broker. Each says what it has written. */
import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError, say } from '../../scripts/bootstrap/say.mjs';
import { parseCanonical } from '../../src/agent/update/canonical.ts';
import { openEnvelope, PAYLOAD_TYPES, type PublicKey, type Role } from '../../src/agent/update/envelope.ts';
import { KEY_NAME, type KeyList } from '../../src/agent/update/keys.ts';
import { checkRelease, MAX_PACKAGE_BYTES, releaseSchema } from '../../src/agent/update/manifest.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { signedTimeText } from '../../src/agent/update/signed-time.ts';
import { unpack } from '../../src/agent/update/unpack.ts';
import { compareVersions } from '../../src/base/compare-versions.ts';
import { lastSerial, mustBeEnough, newestList, newKey, nextSerial, privateKeys, readLists, writeList } from './desk.ts';
import { envelopeOf, type SigningKey, seal, sealRelease } from './documents.ts';
import type { Options } from './options.ts';

const DAY_MS = 24 * 3_600_000;
/** Where what a manifest says was said on the command line. */
const OPTION_OF: Readonly<Record<string, string>> = {
  arch: '--arch',
  channel: '--channel',
  min_from: '--min-from',
  platform: '--platform',
  version: '--version',
};

export function makeKeys(options: Options): void {
  const [dir, recovery] = [options.text('dir'), options.text('recovery')];
  const [name, lifetime] = [nameOf(options, 'Release'), times(options.days(3650))];
  if (readLists(dir).length > 0) throw new CliError(`${dir} has a key list already: use "rotate".`);
  // First the one whose medium may be missing.
  const kept = newKey(recovery, 'recovery');
  const release = newKey(dir, 'release');
  const keys: KeyList = {
    ...lifetime,
    floor: 0,
    format: 1,
    recovery: roleOf(kept.key, 'Recovery'),
    release: roleOf(release.key, name),
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
  const name = nameOf(options, forRecovery ? 'Recovery' : 'Release');
  const role = before[forRecovery ? 'recovery' : 'release'];
  const kept = options.flag('add') ? role.keys : [];
  const most = kept.length + 1;
  const threshold = options.number('threshold', Math.min(role.threshold, most), { least: 1, most });
  const numbers = numbersAfter(before, dir, options, !forRecovery);
  mustBeEnough(signers, before.recovery);
  if (forRecovery) mustBeEnough(signers, { keys: kept, threshold }, 1);
  const made = newKey(forRecovery ? recovery : dir, forRecovery ? 'recovery' : 'release');
  const next = { keys: [...kept, publicOf(made.key, name)], threshold };
  const changed = forRecovery ? { recovery: next } : { release: next };
  const list = { ...before, ...numbers, ...changed };
  const file = writeList(dir, list, forRecovery ? [...signers, made.key] : signers);
  say(`New key:  ${made.file}`);
  say(`Key list: ${file}`);
}

/** Withdraws a release key; where it was the last one a new one takes its place. */
export function revoke(options: Options): void {
  const [dir, recovery, id] = [options.text('dir'), options.text('recovery'), options.text('key')];
  const before = newestList(dir);
  const gone = before.release.keys.filter((key) => key.id.startsWith(id));
  if (id.length < 8 || gone.length !== 1) throw new CliError(`"${id}" is the beginning of no single release key.`);
  const [name, numbers] = [nameOf(options, 'Release'), numbersAfter(before, dir, options, true)];
  const signers = privateKeys(recovery, idsOf(before.recovery));
  mustBeEnough(signers, before.recovery);
  let left = before.release.keys.filter((key) => !gone.includes(key));
  if (left.length === 0) {
    const made = newKey(dir, 'release');
    left = [publicOf(made.key, name)];
    say(`New key:  ${made.file}`);
  }
  const release = { keys: left, threshold: Math.min(before.release.threshold, left.length) };
  say(`Key list: ${writeList(dir, { ...before, ...numbers, release }, signers)}`);
  say('What was signed with it counts no more: sign the current release again, and publish both.');
}

/** A manifest for one package; with `--add-to` one more signature on a manifest that is there, and has that package. */
export async function signRelease(options: Options): Promise<void> {
  const dir = options.text('dir');
  const keys = newestList(dir);
  const signers = privateKeys(options.text('keys', dir), idsOf(keys.release));
  if (signers.length === 0) throw new CliError('There is none of the release keys here.');
  const file = options.file('file');
  if (options.has('add-to')) return addSignatures(options.file('add-to'), file, keys, signers);
  const version = options.text('version');
  const target = { platform: options.text('platform'), arch: options.text('arch') };
  const minFrom = options.has('min-from') ? options.text('min-from') : null;
  const { created, expires } = times(options.days(90));
  const draft = {
    allow_downgrade: options.flag('allow-downgrade'),
    ...target,
    channel: options.text('channel', 'stable'),
    created: signedTimeText(created),
    expires: signedTimeText(expires),
    format: 1,
    min_from: minFrom,
    object: releaseObjects(version, target).package,
    serial: lastSerial(dir) + 1,
    sha256: await sha256Of(file),
    size: statSync(file).size,
    trust: keys.trust,
    unpacked_size: await unpackedBytesOf(file),
    version,
  };
  const read = releaseSchema.safeParse(draft);
  if (!read.success) {
    const wrong = read.error.issues.map(({ path: [field] }) => OPTION_OF[String(field)] ?? String(field));
    throw new CliError(`This can't be signed: ${wrong.join(', ')}.`);
  }
  if (minFrom !== null && !draft.allow_downgrade && compareVersions(minFrom, version) > 0)
    throw new CliError(`--min-from ${minFrom} is above --version ${version}: no PC would take that.`);
  const out = `${file}.manifest`;
  // No number is used up by what is refused.
  const serial = nextSerial(dir);
  writeFileSync(out, sealRelease({ ...read.data, serial }, signers));
  say(`Manifest ${serial}: ${out}`);
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
  if (!existsSync(`${file}.manifest`)) throw new CliError(`There is no ${file}.manifest: make it with "sign".`);
  const body = readFileSync(`${file}.manifest`);
  const { version, platform, arch } = await asOnPc(body, `${file}.manifest`, file, newestList(dir));
  return { body, names: releaseObjects(version, { platform, arch }) };
}

async function asOnPc(body: Uint8Array, manifest: string, file: string, keys: KeyList) {
  const payload = openEnvelope(body, PAYLOAD_TYPES.release)?.payload;
  const read = releaseSchema.safeParse(payload && parseCanonical(payload));
  if (!read.success) throw new CliError(`${manifest} is no manifest.`);
  const { version, platform, arch, channel, sha256, size, min_from: minFrom } = read.data;
  const target = { platform, arch };
  // Of the PCs that it is for, one that is as old as can be.
  const installed = minFrom !== null && compareVersions(minFrom, version) > 0 ? minFrom : version;
  const facts = { keys, seen: null, wanted: version, target, channel, installed, nowMs: Date.now() };
  const verdict = checkRelease(body, facts);
  if (!verdict.ok) throw new CliError(`No PC would take ${manifest}: ${verdict.why}.`);
  if (statSync(file).size !== size || (await sha256Of(file)) !== sha256) {
    throw new CliError(`${file} is not the package that was signed.`);
  }
  return read.data;
}

/** Version, times and floor of the list that follows. */
function numbersAfter(before: KeyList, dir: string, options: Options, otherReleaseKeys: boolean) {
  // With the same release keys what a PC has seen goes on counting; with others the floor does.
  const least = otherReleaseKeys ? Math.max(before.floor, lastSerial(dir)) : before.floor;
  const floor = options.number('floor', least, { least });
  return { ...times(options.days(3650)), floor, version: before.version + 1 };
}

/** As PCs show it. */
function nameOf(options: Options, otherwise: string): string {
  const name = options.text('name', otherwise);
  if (!KEY_NAME.test(name)) throw new CliError(`--name can't be used: 1 to 60 letters, digits, spaces and . @ _ -`);
  return name;
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
