/** Each parameter of the installer (docs/deploy.md), and what it refuses before it has done anything. */
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { ringEntry, signingKey } from '../../test/support/signing.ts';
import { installed, nothingLeft } from './expected.ts';
import { current, Pc } from './pc.ts';

const CONFIG = 'C:\\ProgramData\\Kanade\\config\\agent.toml';
const SECRETS = 'SOFTWARE\\kanade\\agent';
const TOKEN = 'a-secret-token-of-the-fleet';
const pc = Pc.create();
let open: NatsServer;
let guarded: NatsServer;
beforeAll(async () => {
  open = await startNatsServer();
  guarded = await startNatsServer({
    config: `authorization { users: [ { user: op, password: op }, { user: agent, password: pw } ] }`,
  });
});
afterAll(async () => {
  await pc.dispose();
  await open.stop();
  await guarded.stop();
});
afterEach(async () => {
  if (pc.currentVersion === null) return;
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  expect(await nothingLeft(pc)).toEqual([]);
});
const servers = () => `/NATSURL=${open.url}`;

/**
 * The broker behind a way that holds back what a client says for a moment. wine loses a server's last words when something still
 * arrives after it has hung up, and the client says two things one after the other.
 */
async function unhurried(port: number): Promise<string> {
  const way = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    server.pipe(client);
    client.on('data', (said) => void setTimeout(() => server.write(said), 100));
    for (const end of [client, server]) end.on('error', () => {}).on('close', () => void client.destroy());
  });
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void way.close());
  return `nats://127.0.0.1:${(way.address() as AddressInfo).port}`;
}

describe('refused with 3, and nothing was done', () => {
  it.each([
    ['/NOSUCH=1', '/NOSUCH is not a parameter of this installer'],
    ['/CHECK=maybe', '/CHECK=maybe: expected 0, warn, strict'],
    ['/NOSTART=2', '/NOSTART=2: expected 0 or 1'],
    ['/currentuser', 'it is installed for the whole PC only'],
    ['/PCID=PC-1', '/NATSURL is missing'],
    ['/NATSURL=nats://a:4222 "/PCID=PC 1"', 'agent.id'],
    ['/NATSURL=http://a', 'agent.nats_url'],
    ['/NATSURL=nats://a:4222 /TOKEN=x /TOKENFILE=y', '/TOKEN and /TOKENFILE: one of them'],
    ['/NATSURL=nats://a:4222 /NATSUSER=x', '/NATSUSER and /NATSPASSFILE go together'],
    ['/NATSURL=nats://a:4222 /TOKENFILE=C:\\none.txt', 'C:\\none.txt can not be read (ENOENT)'],
    ['/CONFIG=C:\\none.toml', 'C:\\none.toml can not be read (ENOENT)'],
    ['/NATSURL=nats://a:4222 /REPLACE=1 /RESTORE=1', 'one of them'],
    ['/NATSURL=nats://a:4222 /MODE=tray /REPLACE=1', 'for /MODE=service'],
    ['/NATSURL=nats://a:4222 /SYSPREP=1 /TOKEN=x', '/SYSPREP leaves no names and no secrets'],
  ])('%s', async (parameters, why) => {
    expect((await pc.install(current, parameters)).code).toBe(3);
    expect(pc.setupLog).toContain(why);
    expect(await nothingLeft(pc)).toEqual([]);
    expect(pc.has(CONFIG)).toBe(false);
  });

  it('a drop-in that is no TOML, with its line', async () => {
    pc.put('C:\\bad.toml', '[agent]\nid = \n');
    expect((await pc.install(current, '/CONFIG=C:\\bad.toml')).code).toBe(3);
    expect(pc.setupLog).toContain('C:\\bad.toml:2:');
    expect(await nothingLeft(pc)).toEqual([]);
  });

  it('command keys of which one is bad', async () => {
    pc.put('C:\\keys.json', '[{"kid":"a","public_key":"AAAA"}]');
    expect((await pc.install(current, `${servers()} /KEYS=C:\\keys.json`)).code).toBe(3);
    expect(pc.setupLog).toContain('[0].public_key: expected 32 bytes, found 3');
  });
});

describe('secrets', () => {
  it('a user and a password from a file, which is deleted; neither stands in a log', async () => {
    pc.put('C:\\password.txt', 'pw\r\n');
    await provisionedOperator(guarded, { user: 'op', pass: 'op' });
    const { code } = await pc.install(
      current,
      `/NATSURL=${guarded.url} /NATSUSER=agent /NATSPASSFILE=C:\\password.txt /CHECK=strict`,
    );
    expect(pc.setupLog).toContain('connection: connected');
    expect(code).toBe(0);
    expect(pc.has('C:\\password.txt')).toBe(false);
    expect(await pc.registry(SECRETS)).toMatchObject({ NatsUser: 'agent', NatsPassword: 'pw' });
    expect(pc.read(CONFIG)).not.toContain('pw');
  });

  it('a token on the command line works, with a warning; one that is refused ends it with 4, the service goes on', async () => {
    const { code } = await pc.install(current, `/NATSURL=${await unhurried(guarded.port)} /TOKEN=${TOKEN}`);
    expect(code, pc.setupLog).toBe(4);
    expect(pc.setupLog).toContain('/TOKENFILE does not');
    expect(pc.setupLog).not.toContain(TOKEN);
    expect(await installed(pc, current)).toEqual([]);
    expect(await pc.registry(SECRETS)).toEqual({ NatsToken: TOKEN });
    expect((await pc.uninstall('/PURGE=1 /KEEPSECRETS=1')).code).toBe(0);
    expect(await pc.registry(SECRETS)).toEqual({ NatsToken: TOKEN });
    expect((await pc.install(current, `/NATSURL=${guarded.url} /NOSTART=1`)).code).toBe(0);
  });

  it('an upgrade without parameters writes no secret and no setting', async () => {
    pc.put('C:\\token.txt', TOKEN);
    expect((await pc.install(current, `${servers()} /TOKENFILE=C:\\token.txt /NOSTART=1`)).code).toBe(0);
    const before = pc.read(CONFIG);
    expect((await pc.install(current, '/NOSTART=1')).code).toBe(0);
    expect(pc.read(CONFIG)).toBe(before);
    expect(await pc.registry(SECRETS)).toEqual({ NatsToken: TOKEN });
  });

  it('command keys, and that they are required, are stored as the agent looks for them', async () => {
    const keys = JSON.stringify([ringEntry('k1', signingKey(7))]);
    pc.put('C:\\keys.json', keys);
    expect((await pc.install(current, `${servers()} /KEYS=C:\\keys.json /REQUIRESIGNED=1 /NOSTART=1`)).code).toBe(0);
    expect(await pc.registry(SECRETS)).toEqual({ CommandKeys: keys, RequireSignedCommands: '1' });
    expect(pc.has('C:\\keys.json')).toBe(true);
  });
});

describe('options', () => {
  it('no server at all: installed, and waiting for its settings', async () => {
    expect((await pc.install(current)).code).toBe(0);
    expect(pc.setupLog).toContain('the agent waits for its settings');
    expect(await installed(pc, current)).toEqual([]);
    expect(pc.has(CONFIG)).toBe(false);
  });

  it('a server that nobody can reach: 0 with a line in the log, 5 when the check is strict', async () => {
    expect((await pc.install(current, '/NATSURL=nats://127.0.0.1:9')).code).toBe(0);
    expect(pc.setupLog).toContain('connection: unreachable');
    expect((await pc.install(current, '/CHECK=strict')).code).toBe(5);
    expect(await installed(pc, current)).toEqual([]);
  });

  it('/NOSTART, /NOTRAY and /NOAUTOSTART, which a later installation keeps', async () => {
    expect((await pc.install(current, `${servers()} /NOSTART=1 /NOTRAY=1 /NOAUTOSTART=1`)).code).toBe(0);
    const wanted = { service: 'STOPPED', tray: false, start: 'demand' } as const;
    expect(await installed(pc, current, wanted)).toEqual([]);
    expect(pc.read(CONFIG)).toContain('show_tray = false');
    expect((await pc.install(current, '/NOSTART=1')).code).toBe(0);
    expect(await installed(pc, current, wanted)).toEqual([]);
    expect((await pc.install(current, '/NOSTART=1 /NOTRAY=0 /NOAUTOSTART=0')).code).toBe(0);
    expect(await installed(pc, current, { service: 'STOPPED' })).toEqual([]);
  });

  it('/MODE=tray: no service, and the tray knows that it hosts the agent', async () => {
    expect((await pc.install(current, `${servers()} /MODE=tray`)).code).toBe(0);
    expect(await installed(pc, current, { service: 'ABSENT' })).toEqual([]);
    expect(pc.read(`${pc.root}\\versions\\${current.version}\\app\\resources\\host.json`)).toContain('"tray"');
    expect(pc.read(CONFIG)).toContain('host = "tray"');
    expect((await pc.install(current, '/MODE=service')).code).toBe(0);
    expect(await installed(pc, current)).toEqual([]);
    expect(pc.read(CONFIG)).toContain('host = "service"');
  });

  it('/CONFIG adds to the settings; /LANG and /PCID go into them', async () => {
    pc.put('C:\\drop-in.toml', '# ours\n[support]\nphone = "1234"\n');
    expect(
      (await pc.install(current, `${servers()} /CONFIG=C:\\drop-in.toml /LANG=ja /PCID=PC-7 /NOSTART=1`)).code,
    ).toBe(0);
    const toml = pc.read(CONFIG);
    for (const line of ['# ours', 'phone = "1234"', 'language = "ja"', 'id = "PC-7"']) expect(toml).toContain(line);
  });

  it('/SYSPREP leaves a disk that can be copied: no name, no secret, no history, nothing started', async () => {
    pc.put('C:\\token.txt', TOKEN);
    expect((await pc.install(current, `${servers()} /PCID=PC-8 /TOKENFILE=C:\\token.txt`)).code).toBe(0);
    expect((await pc.install(current, '/SYSPREP=1')).code).toBe(0);
    expect(pc.read(CONFIG)).toContain('id = "{{ system.host }}"');
    expect(pc.has('C:\\ProgramData\\Kanade\\data\\kanade-tray')).toBe(false);
    expect(await pc.registry(SECRETS)).toEqual({});
    expect(await installed(pc, current, { service: 'STOPPED' })).toEqual([]);
  });

  it('/D never takes a directory in which something else lies', async () => {
    pc.put('C:\\Tools\\bin\\precious.exe', 'mine');
    expect((await pc.install(current, `${servers()} /D=C:\\Tools`)).code).toBe(3);
    expect(pc.setupLog).toContain('C:\\Tools holds what is not ours');
    expect(pc.files('C:\\Tools')).toEqual(['bin\\precious.exe']);
    expect(await nothingLeft(pc)).toEqual([]);
  });

  it('/D names another directory, with blanks, as the last parameter', async () => {
    const root = 'C:\\Our Programs\\Tray';
    expect((await pc.install(current, `${servers()} /NOSTART=1 /D=${root}`)).code).toBe(0);
    expect(pc.has(`${root}\\current.json`)).toBe(true);
    expect((await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent'))?.ImagePath).toBe(
      `"${root}\\private\\kanade-tray-agent.exe"`,
    );
    // The next one finds it.
    expect((await pc.install(current)).code).toBe(0);
    expect(await pc.serviceState()).toBe('RUNNING');
    const { code } = await pc.run(`${root}\\uninstall.exe`, '/S /PURGE=1');
    expect(code).toBe(0);
    expect(pc.has(root)).toBe(false);
  });
});
