/**
 * Puts key lists and a release into the bucket. Invariant: the manifest goes last, so that whoever finds it finds its package;
 * and nothing goes there that no PC would take.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Objm } from '@nats-io/obj';
import { type Authenticator, connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { CliError, say } from '../../scripts/bootstrap/say.mjs';
import { keyListObject } from '../../src/agent/update/keys.ts';
import { errorText } from '../../src/base/logger.ts';
import { checkedRelease } from './commands.ts';
import { readLists } from './desk.ts';
import type { Options } from './options.ts';

const BUCKET = 'agent_releases';
const TRANSFER_MS = 10 * 60_000;

export async function publish(options: Options): Promise<void> {
  const dir = options.text('dir');
  const lists = readLists(dir);
  if (lists.length === 0) throw new CliError(`There is no key list in ${dir}.`);
  const file = options.has('file') ? options.file('file') : null;
  const release = file === null ? null : { file, ...(await checkedRelease(dir, file)) };
  const nc = await connected(options);
  try {
    const store = await openBucket(nc);
    // The first is pinned on the PCs.
    for (const { keys, body } of lists.slice(1)) await put(store, keyListObject(keys.version), body);
    if (release === null) return;
    const meta = { name: release.names.package };
    await store.put(meta, Readable.toWeb(createReadStream(release.file)) as ReadableStream<Uint8Array>, {
      timeout: TRANSFER_MS,
    });
    say(`Published ${meta.name}`);
    await put(store, release.names.manifest, release.body);
  } finally {
    await nc.close();
  }
}

type Bucket = Awaited<ReturnType<typeof openBucket>>;

async function put(store: Bucket, name: string, body: Uint8Array): Promise<void> {
  const there = await store.getBlob(name).catch(() => null);
  if (there !== null && Buffer.from(there).equals(Buffer.from(body))) return;
  await store.putBlob({ name }, body);
  say(`Published ${name}`);
}

async function openBucket(nc: NatsConnection) {
  try {
    return await new Objm(nc).open(BUCKET);
  } catch (error) {
    throw new CliError(`The bucket ${BUCKET} can't be used: ${errorText(error)}.`);
  }
}

async function connected(options: Options): Promise<NatsConnection> {
  const servers = options.text('server').split(',');
  const signIn = {
    ...(options.has('ca') ? { tls: { caFile: options.file('ca') } } : {}),
    ...(options.has('creds') ? { authenticator: credsOf(options) } : {}),
    ...(options.has('user') || options.has('password-file')
      ? { user: options.text('user'), pass: passwordOf(options) }
      : {}),
  };
  try {
    return await connect({ servers, ...signIn });
  } catch (error) {
    throw new CliError(`No connection to ${servers.join(', ')}: ${errorText(error)}.`);
  }
}

function credsOf(options: Options): Authenticator {
  const authenticator = credsAuthenticator(readFileSync(options.file('creds')));
  try {
    // It is read when the broker asks, where its error would be the broker's.
    authenticator('once');
  } catch (error) {
    throw new CliError(`--creds can't be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return authenticator;
}

function passwordOf(options: Options): string {
  return readFileSync(options.file('password-file'), 'utf8').trimEnd();
}
