/** The ways to sign in that need more than a word, and the ways to be sure of the server (protocol §11.1, §11.2). */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { beforeAll, expect, type TestContext, test } from 'vitest';
import type { LinkStatus } from '../../src/agent/bus/bus.ts';
import type { Credentials } from '../../src/agent/bus/sign-in.ts';
import { connectedBus, linkState, NO_TLS, startBus } from '../../test/support/bus.ts';
import { CertificateAuthority, type KeyPair, noCertificatesHere } from '../../test/support/certificates.ts';
import { eventually } from '../../test/support/eventually.ts';
import { infoLine, stallingListener } from '../../test/support/listeners.ts';
import { jwtFleet, nkeyUser } from '../../test/support/nats-jwt.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';

const noOpenssl = noCertificatesHere();

interface Certificates {
  readonly directory: string;
  readonly fleet: CertificateAuthority;
  readonly foreign: CertificateAuthority;
  readonly server: KeyPair;
  readonly client: KeyPair;
}

let certificates: Certificates;

beforeAll(() => {
  if (noOpenssl !== null) return;
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-ca-'));
  const fleet = new CertificateAuthority(directory, 'fleet');
  const foreign = new CertificateAuthority(directory, 'foreign');
  certificates = { directory, fleet, foreign, server: fleet.issue('server'), client: fleet.issue('pc') };
  return () => rmSync(directory, { recursive: true });
});

function needsOpenssl(context: TestContext): void {
  if (noOpenssl !== null) context.skip(noOpenssl);
}

const at = (scheme: string, server: NatsServer) => `${scheme}://127.0.0.1:${server.port}`;

/** Proves that messages pass, in both directions. */
async function echoes(bus: Awaited<ReturnType<typeof connectedBus>>): Promise<void> {
  const heard: string[] = [];
  bus.subscribe('test.echo', ({ data }) => void heard.push(Buffer.from(data).toString()));
  await eventually(() => {
    bus.publish('test.echo', Buffer.from('here'));
    expect(heard).toContain('here');
  });
}

test('tls:// is trusted by the authority named in [tls] ca, and by no other', async (context) => {
  needsOpenssl(context);
  const { server: pair, fleet, foreign } = certificates;
  const server = await startNatsServer({ tls: pair });
  // First the one that must fail: what was trusted once for this process would hide it.
  const wary = startBus(at('tls', server), { tls: { ...NO_TLS, ca: foreign.certFile } });
  const { why } = await linkState(wary, 'refused');
  expect(why).toMatch(/^no secure connection to 127\.0\.0\.1:\d+ \(.*certificate.*\)$/);
  await wary.close();
  await echoes(await connectedBus(at('tls', server), { tls: { ...NO_TLS, ca: fleet.certFile } }));
});

test('a server whose certificate has another name is refused, unless [tls] server_name says so', async (context) => {
  needsOpenssl(context);
  const { fleet, server: pair } = certificates;
  const server = await startNatsServer({ tls: pair });
  const tls = { ...NO_TLS, ca: fleet.certFile, serverName: 'broker.example' };
  const wary = startBus(at('tls', server), { tls });
  await linkState(wary, 'refused');
  await wary.close();
  await echoes(await connectedBus(at('tls', server), { tls: { ...tls, serverName: 'localhost' } }));
});

test('a broker at an address shows a certificate for it, and one for localhost is none', async (context) => {
  needsOpenssl(context);
  const { fleet } = certificates;
  const tls = { ...NO_TLS, ca: fleet.certFile };
  const right = await startNatsServer({ tls: fleet.issue('address', 'IP:127.0.0.1') });
  const wrong = await startNatsServer({ tls: fleet.issue('name', 'DNS:localhost') });
  // Also without the scheme: an authority of one's own asks for TLS.
  for (const scheme of ['tls', 'nats']) {
    const wary = startBus(at(scheme, wrong), { tls });
    expect((await linkState(wary, 'refused')).why).toMatch(/^no secure connection to 127\.0\.0\.1:\d+ /);
    await wary.close();
    await (await connectedBus(at(scheme, right), { tls })).close();
  }
});

test('whoever is on the way names no other server to sign in at', async (context) => {
  needsOpenssl(context);
  const { fleet } = certificates;
  const pair = fleet.issue('address', 'IP:127.0.0.1');
  // With a certificate that anybody can have, of an authority that is trusted.
  const theirs = await startNatsServer({ tls: fleet.issue('name', 'DNS:localhost') });
  let isCut = false;
  // The first line is said before TLS, and older brokers do not say it again.
  const broker = await stallingListener((socket) => {
    if (isCut) return void socket.destroy();
    socket.write(infoLine({ tls_required: true, connect_urls: [`localhost:${theirs.port}`] }));
    const keys = { key: readFileSync(pair.keyFile), cert: readFileSync(pair.certFile) };
    const inside = new TLSSocket(socket, { isServer: true, ...keys }).on('error', () => {});
    inside.on('data', (text) => void (String(text).includes('PING') && inside.write('PONG\r\n')));
  });
  const url = `tls://127.0.0.1:${broker.port}`;
  const bus = await connectedBus(url, { tls: { ...NO_TLS, ca: fleet.certFile } });
  const seen: LinkStatus[] = [];
  bus.link.watch((status) => void seen.push(status));
  isCut = true;
  for (const socket of broker.open) socket.destroy();
  const refused = `no secure connection to localhost:${theirs.port}`;
  await eventually(() => expect(seen.map(({ why }) => why)).toContainEqual(expect.stringContaining(refused)));
  expect(seen.map(({ state }) => state)).not.toContain('connected');
});

test('a plain server is no stand-in for tls://', async (context) => {
  needsOpenssl(context);
  const server = await startNatsServer();
  const bus = startBus(at('tls', server), { tls: { ...NO_TLS, ca: certificates.fleet.certFile } });
  await eventually(() => expect(bus.link.value.state).toBe('refused'));
});

test('a server that asks for a certificate refuses us without one, and a certificate put there heals it', async (context) => {
  needsOpenssl(context);
  const { directory, fleet, foreign, server: pair, client } = certificates;
  const server = await startNatsServer({ tls: { ...pair, caFile: fleet.certFile } });
  const bare = startBus(at('tls', server), { tls: { ...NO_TLS, ca: fleet.certFile } });
  await eventually(() => expect(bare.link.value.why).not.toBeNull());
  expect(bare.link.value.state).not.toBe('connected');
  await bare.close();

  const mine = { certFile: join(directory, 'mine.pem'), keyFile: join(directory, 'mine.key') };
  const put = (from: KeyPair) => {
    copyFileSync(from.certFile, mine.certFile);
    copyFileSync(from.keyFile, mine.keyFile);
  };
  put(foreign.issue('stranger'));
  const tls = { ...NO_TLS, ca: fleet.certFile, cert: mine.certFile, key: mine.keyFile };
  const bus = startBus(at('tls', server), { tls });
  await eventually(() => expect(bus.link.value.why).not.toBeNull());
  expect(bus.link.value.state).not.toBe('connected');
  put(client);
  await linkState(bus, 'connected');
  await echoes(bus);
});

test('a file of [tls] that is not there is named, and used when it appears', async (context) => {
  needsOpenssl(context);
  const { directory, fleet, server: pair } = certificates;
  const server = await startNatsServer({ tls: pair });
  const ca = join(directory, 'later.pem');
  const bus = startBus(at('tls', server), { tls: { ...NO_TLS, ca } });
  await eventually(() => expect(bus.link.value.why).toContain(ca));
  expect(bus.link.value.state).toBe('refused');
  copyFileSync(fleet.certFile, ca);
  await linkState(bus, 'connected');
});

test('wss:// reaches the broker through a web port, with the same trust', async (context) => {
  needsOpenssl(context);
  const { fleet, foreign, server: pair } = certificates;
  const files = `cert_file: ${JSON.stringify(pair.certFile)}, key_file: ${JSON.stringify(pair.keyFile)}`;
  const server = await startNatsServer({
    config: `authorization { token: t }\nwebsocket { host: "127.0.0.1", port: -1, tls { ${files} } }`,
  });
  const port = new URL(server.endpoints.websocket?.[0] ?? '').port;
  const url = `wss://127.0.0.1:${port}`;
  const credentials = (): Credentials[] => [{ kind: 'token', token: 't' }];
  const wary = startBus(url, { credentials, tls: { ...NO_TLS, ca: foreign.certFile } });
  const { why } = await linkState(wary, 'refused');
  expect(why).toMatch(/^no secure connection to 127\.0\.0\.1:\d+ \(.*certificate.*\)$/);
  await wary.close();
  const bus = await connectedBus(url, { credentials, tls: { ...NO_TLS, ca: fleet.certFile } });
  expect(bus.link.value.server).toBe(`127.0.0.1:${port}`);
  await echoes(bus);
  await server.stop();
  expect((await linkState(bus, 'unreachable')).server).toBeNull();
  await eventually(() => expect(bus.link.value.why).toBe(`nothing answers at 127.0.0.1:${port}`));
});

test('a web port that asks for a certificate gets ours', async (context) => {
  needsOpenssl(context);
  const { fleet, foreign, server: pair, client } = certificates;
  const files = `cert_file: ${JSON.stringify(pair.certFile)}, key_file: ${JSON.stringify(pair.keyFile)}`;
  const verify = `verify: true, ca_file: ${JSON.stringify(fleet.certFile)}`;
  const server = await startNatsServer({
    config: `websocket { host: "127.0.0.1", port: -1, tls { ${files}, ${verify} } }`,
  });
  const url = `wss://127.0.0.1:${new URL(server.endpoints.websocket?.[0] ?? '').port}`;
  const stranger = foreign.issue('stranger');
  const as = ({ certFile, keyFile }: KeyPair) => ({ ...NO_TLS, ca: fleet.certFile, cert: certFile, key: keyFile });
  const bare = startBus(url, { tls: as(stranger) });
  await eventually(() => expect(bare.link.value.why).not.toBeNull());
  expect(bare.link.value.state).not.toBe('connected');
  await bare.close();
  await echoes(await connectedBus(url, { tls: as(client) }));
});

test('a creds file signs in, one of another fleet is refused, and the right one heals it', async () => {
  const fleet = jwtFleet();
  const server = await startNatsServer({ config: fleet.config });
  let text = jwtFleet().creds('stranger');
  const bus = startBus(server.url, { credentials: () => [{ kind: 'creds', text }] });
  const { why } = await linkState(bus, 'refused');
  expect(why).toMatch(/refused the sign-in/);
  text = fleet.creds('pc');
  await linkState(bus, 'connected');
  await echoes(bus);
});

test('an nkey signs in, an unknown one is refused, and the right one heals it', async () => {
  const user = nkeyUser();
  const server = await startNatsServer({ config: `authorization { users: [ { nkey: ${user.publicKey} } ] }` });
  let { seed } = nkeyUser();
  const bus = startBus(server.url, { credentials: () => [{ kind: 'nkey', seed }] });
  await linkState(bus, 'refused');
  seed = user.seed;
  await linkState(bus, 'connected');
  await echoes(bus);
});

const UNREADABLE: readonly { what: string; broken: Credentials }[] = [
  { what: 'the nkey', broken: { kind: 'nkey', seed: 'not a seed' } },
  { what: 'the creds file', broken: { kind: 'creds', text: 'not a creds file' } },
];

test.for(UNREADABLE)('$what that is something else is a refused sign-in, not the end', async ({ what, broken }) => {
  const server = await startNatsServer();
  let credentials: Credentials = broken;
  const bus = startBus(server.url, { credentials: () => [credentials] });
  const { why } = await linkState(bus, 'refused');
  expect(why).toMatch(new RegExp(`^${what} can't be used \\(.+\\)$`));
  credentials = { kind: 'none' };
  await linkState(bus, 'connected');
});
