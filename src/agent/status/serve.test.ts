import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectAgent, openAt, readEndpoint } from '../../../test/support/agent-client.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { asUser, OTHER_UID, otherUserProblem } from '../../../test/support/other-user.ts';
import { type Served, serve } from '../../../test/support/served-status.ts';
import { CODE, endedRun, statusWorld } from '../../../test/support/status.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { WatchedCell } from '../../base/watched.ts';
import { endpointGuard } from '../../platform/endpoint-acl.ts';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { CONTRACT_VERSION } from '../../shared/contract.ts';
import { CallError, FAULT_CODES } from '../../shared/faults.ts';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES, MAX_REQUEST_BYTES } from '../../shared/frames.ts';
import { HANDSHAKE_MS, MAX_UNPROVEN } from './listener.ts';
import { serveStatus } from './serve.ts';

const problem = await otherUserProblem();

/** A socket that is spoken to in bytes. */
function raw({ server }: Served): { socket: Socket; got: Record<string, unknown>[]; closed: () => boolean } {
  const socket = connect(server.address);
  onTestFinished(() => void socket.destroy());
  const reader = new FrameReader(MAX_FRAME_BYTES);
  const got: Record<string, unknown>[] = [];
  let closed = false;
  socket.on('data', (bytes) => reader.push(bytes, (text) => got.push(JSON.parse(text))));
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  return { socket, got, closed: () => closed };
}

const connected = (served: Served) => connectAgent({ dataDirectory: served.dataDirectory });

describe('the socket', () => {
  test('serves who proves the token of his endpoint file, with the status as it is', async () => {
    const served = await serve();
    await endedRun(served.store, 'r1');
    const agent = await connected(served);
    expect(agent.handshake.account).toBe(String(process.getuid?.()));
    const status: AgentStatus = await agent.call('state.snapshot', {});
    expect(status).toMatchObject({ agent: { state: 'running' }, outbox: { waiting: 1, parked: 0 } });
    expect((await agent.call('runs.list', {})).rows).toHaveLength(1);
  });

  test('pushes to who has subscribed, until he says otherwise', async () => {
    const served = await serve();
    const [agent, quiet] = [await connected(served), await connected(served)];
    const pushed: boolean[] = [];
    agent.onPush('state.changed', ({ restartRequired }) => pushed.push(restartRequired));
    quiet.onPush('state.changed', () => pushed.push(false));
    expect((await agent.call('state.subscribe', {})).restartRequired).toBe(false);
    served.cells.restartRequired.set(true);
    await eventually(() => expect(pushed).not.toEqual([]));
    await agent.call('state.unsubscribe', {});
    served.cells.restartRequired.set(false);
    await quiet.call('state.snapshot', {});
    expect(pushed).toEqual([true]);
  });

  test('is open to its account alone', async () => {
    const { server } = await serve();
    const mode = ((await lstat(server.address)).mode & 0o777).toString(8);
    expect(mode).toBe('600');
  });

  test('and its endpoint file are gone after the close, and who waits for an answer hears of it', async () => {
    const served = await serve();
    const agent = await connected(served);
    let closed = false;
    agent.onClose(() => {
      closed = true;
    });
    await served.server.close();
    await eventually(() => expect(closed).toBe(true));
    await expect(lstat(served.server.address)).rejects.toThrow('ENOENT');
    await expect(readEndpoint(served.dataDirectory)).rejects.toThrow('ENOENT');
    await expect(agent.call('state.snapshot', {})).rejects.toThrow('closed');
  });

  test('the token of an earlier start is refused, also when the address is the same', async () => {
    const dataDirectory = tempDir();
    const first = await serve(dataDirectory);
    const old = await readEndpoint(dataDirectory);
    await first.server.close();
    await first.store.close();
    const second = await serve(dataDirectory);
    expect(await openAt({ ...old, address: second.server.address })).toMatchObject({
      kind: 'refused',
      fault: { name: 'proof_refused' },
    });
  });

  test('an address that a killed agent left behind is taken over', async () => {
    const [dataDirectory, runDirectory] = [tempDir(), tempDir()];
    const first = await serve(dataDirectory, runDirectory);
    const { address } = first.server;
    await first.server.close();
    await first.store.close();
    const listening = `require('net').createServer().listen(${JSON.stringify(address)}, () => console.log('on'))`;
    const dead = spawn(process.execPath, ['-e', listening], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(dead.stdout, 'data');
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    expect((await lstat(address)).isSocket()).toBe(true);
    const second = await serve(dataDirectory, runDirectory);
    expect(second.server.address).toBe(address);
    expect((await connected(second)).handshake.agentVersion).toBe('0.1.0');
  });

  test('where it can not be opened the answer says why', async () => {
    const world = statusWorld(tempDir());
    const serving = await serveStatus({
      ports: world.ports,
      directory: '/nowhere/at/all/kanade-tray',
      guard: endpointGuard(),
      accounts: new WatchedCell<readonly string[]>([]),
      hostSecret: null,
      env: { XDG_RUNTIME_DIR: tempDir() },
      runDirectory: tempDir(),
    });
    expect(serving).toMatchObject({ kind: 'failed', why: expect.stringContaining('/nowhere') });
  });
});

describe('whatever one connection sends, it gets an error and the others go on', () => {
  const header = (bytes: number) => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32LE(bytes);
    return buffer;
  };

  test.each<[string, Buffer, keyof typeof FAULT_CODES, boolean]>([
    ['a frame one byte too large', header(MAX_REQUEST_BYTES + 1), 'too_large', true],
    ['a frame of 4 GiB', header(2 ** 32 - 1), 'too_large', true],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'too_large', true],
    ['a frame of garbage', Buffer.concat([header(6), Buffer.from([0xff, 0, 0x80, 0xfe, 1, 2])]), 'parse_error', false],
    ['an empty frame', header(0), 'parse_error', false],
    [
      'the largest frame, of nothing but brackets',
      Buffer.concat([header(MAX_REQUEST_BYTES), Buffer.alloc(MAX_REQUEST_BYTES, '[')]),
      'parse_error',
      false,
    ],
    [
      'a call before the handshake',
      Buffer.from(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"state.snapshot"}')),
      'handshake_needed',
      false,
    ],
    [
      'a call to stop before the handshake',
      Buffer.from(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"agent.stop"}')),
      'handshake_needed',
      false,
    ],
  ])('%s', async (_what, bytes, fault, hangsUp) => {
    const served = await serve();
    const agent = await connected(served);
    const { socket, got, closed } = raw(served);
    socket.write(bytes);
    await eventually(() => expect(got).toHaveLength(2));
    expect(got[1]).toMatchObject({ jsonrpc: '2.0', error: { code: FAULT_CODES[fault] } });
    if (hangsUp) await eventually(() => expect(closed()).toBe(true));
    else expect(closed()).toBe(false);
    expect(await agent.call('state.snapshot', {})).toMatchObject({ agent: { state: 'running' } });
    expect(served.asked).toEqual([]);
  });

  test.each([1, 3, 4, 20])('a frame that ends after %i bytes with the connection', async (bytes) => {
    const served = await serve();
    const { socket, closed } = raw(served);
    socket.end(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"handshake"}').subarray(0, bytes));
    await eventually(() => expect(closed()).toBe(true));
    expect((await connected(served)).handshake.contract).toBe(CONTRACT_VERSION);
  });

  test('a thousand connections that come and go', async () => {
    const served = await serve();
    for (let round = 0; round < 100; round += 1) {
      const sockets = Array.from({ length: 10 }, () => raw(served).socket);
      for (const socket of sockets) socket.destroy();
    }
    await eventually(async () => expect((await connected(served)).handshake.contract).toBe(CONTRACT_VERSION));
  });
});

describe('who has proven nothing', () => {
  test('is hung up on after 3 s, however slowly he sends; who has is not', async () => {
    const served = await serve();
    const agent = await connected(served);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { socket, got, closed } = raw(served);
    const turns = async (until: () => boolean) => {
      for (let at = 0; at < 1_000 && !until(); at += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns(() => got.length === 1);
    vi.advanceTimersByTime(HANDSHAKE_MS - 1);
    socket.write(encodeFrame('{"jsonrpc":"2.0","id":1,"method":"handshake"}').subarray(0, 9));
    await turns(closed);
    expect(closed()).toBe(false);
    vi.advanceTimersByTime(1);
    await turns(closed);
    expect(closed()).toBe(true);
    expect(await agent.call('state.snapshot', {})).toMatchObject({ agent: { state: 'running' } });
  });

  test('finds at most eight places; the ninth is told so, and a place that is left can be taken', async () => {
    const served = await serve();
    const agent = await connected(served);
    const waiting = Array.from({ length: MAX_UNPROVEN }, () => raw(served));
    await eventually(() => expect(waiting.filter(({ got }) => got.length !== 1)).toEqual([]));
    const endpoint = await readEndpoint(served.dataDirectory);
    expect(await openAt(endpoint)).toMatchObject({ kind: 'refused', fault: { name: 'too_many' } });
    expect(await agent.call('state.snapshot', {})).toMatchObject({ agent: { state: 'running' } });
    waiting[0]?.socket.destroy();
    await eventually(async () => expect((await openAt(endpoint)).kind).toBe('open'));
  });

  test('and one account holds at most sixteen connections', async () => {
    const served = await serve();
    const endpoint = await readEndpoint(served.dataDirectory);
    const opened: string[] = [];
    for (let at = 0; at < 17; at += 1) opened.push((await openAt(endpoint)).kind);
    expect(opened).toEqual([...Array<string>(16).fill('open'), 'refused']);
  });
});

test('five wrong codes over several connections, then a wait that a restart does not end', async () => {
  const dataDirectory = tempDir();
  const first = await serve(dataDirectory);
  first.code = CODE;
  // As the code is asked for: in the window.
  const window = () => connectAgent({ dataDirectory, client: 'window' });
  const names: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    const refused = await (await window())
      .call('helpdesk.unlock', { code: 'wrong one' })
      .catch((error: unknown) => error);
    names.push(refused instanceof CallError ? refused.fault.name : 'no fault');
  }
  expect(names).toEqual([...Array<string>(4).fill('wrong_code'), 'rate_limited']);
  await first.server.close();
  await first.store.close();
  const second = await serve(dataDirectory);
  second.code = CODE;
  await expect((await window()).call('helpdesk.unlock', { code: CODE })).rejects.toMatchObject({
    fault: { name: 'rate_limited' },
  });
});

describe.skipIf(problem !== null)(`another user of this PC${problem === null ? '' : ` (skipped: ${problem})`}`, () => {
  const client = (dataDirectory: string, body: string, account = OTHER_UID) =>
    asUser(
      OTHER_UID,
      `const { connectAgent, readEndpoint } = await import(TEST + 'support/agent-client.ts');
       const agent = await connectAgent({ dataDirectory: ${JSON.stringify(dataDirectory)}, account: '${account}', client: 'cli' });
       ${body}
       agent.close();`,
    );

  test('is who he is by his own file, on the command line too without the helpdesk role', async () => {
    const served = await serve();
    served.accounts.set([String(OTHER_UID)]);
    await eventually(() => lstat(join(served.dataDirectory, 'kanade-tray/ipc', String(OTHER_UID), 'endpoint.json')));
    const mine = await endedRun(served.store, 'mine', { arrival: { runAs: 'user' }, user: String(OTHER_UID) });
    await endedRun(served.store, 'of another', { arrival: { runAs: 'user' }, user: '1000' });
    const said = await client(
      served.dataDirectory,
      `const fault = await agent.call('audit.list', {}).catch((error) => error.fault.name);
       const { rows } = await agent.call('runs.list', {});
       console.log(JSON.stringify([agent.handshake.account, agent.handshake.roles, fault, rows.map(({ run }) => run)]));`,
    );
    expect(JSON.parse(said)).toEqual([String(OTHER_UID), ['user'], 'role_needed', [mine.run]]);
  });

  test('can not take the places of root, nor connect to any socket but his own', async () => {
    const served = await serve();
    served.accounts.set([String(OTHER_UID), '1000']);
    const addressOf = async (account: string) => (await readEndpoint(served.dataDirectory, account)).address;
    await eventually(() => addressOf('1000'));
    const addresses = await Promise.all(['0', '1000', String(OTHER_UID)].map(addressOf));
    const tries = await asUser(
      OTHER_UID,
      `const { connect } = await import('node:net');
       const once = (address) => new Promise((resolve) => {
         const socket = connect(address);
         socket.on('connect', () => resolve('connected')).on('error', (error) => resolve(error.code));
       });
       const said = [];
       for (const address of ${JSON.stringify(addresses)}) said.push(await once(address));
       for (let at = 0; at < 20; at += 1) await once(${JSON.stringify(addresses[2])});
       console.log(JSON.stringify(said));
       process.exit(0);`,
    );
    expect(JSON.parse(tries)).toEqual(['EACCES', 'EACCES', 'connected']);
    expect((await connected(served)).handshake.account).toBe('0');
  });

  test('can not use the file of root, nor his own once he has signed out', async () => {
    const served = await serve();
    await expect(client(served.dataDirectory, '', 0)).rejects.toThrow('EACCES');
    served.accounts.set([String(OTHER_UID)]);
    await eventually(() => client(served.dataDirectory, ''));
    const his = await readEndpoint(served.dataDirectory, String(OTHER_UID));
    const before = await openAt(his);
    let hungUp = false;
    if (before.kind === 'open') {
      before.agent.onClose(() => {
        hungUp = true;
      });
    }
    served.accounts.set([]);
    await eventually(() => expect(hungUp).toBe(true));
    expect(await openAt(his)).toEqual({ kind: 'closed' });
  });
});
