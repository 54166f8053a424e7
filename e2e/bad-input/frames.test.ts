/** Bad frames and calls on the local socket: each gets an error, never silence, and everybody else is served on. */
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { serveStatus } from '../../src/agent/status/serve.ts';
import { WatchedCell } from '../../src/base/watched.ts';
import { endpointGuard } from '../../src/platform/endpoint-acl.ts';
import { CONTRACT_VERSION } from '../../src/shared/contract.ts';
import type { FaultName } from '../../src/shared/faults.ts';
import { encodeFrame, MAX_REQUEST_BYTES } from '../../src/shared/frames.ts';
import { readEndpoint } from '../../test/support/agent-client.ts';
import { CODE, endedRun, statusWorld } from '../../test/support/status.ts';
import { tempDir } from '../../test/support/temp.ts';
import { call, frameOf, RawClient } from './raw-client.ts';

/** An agent's socket with one run in its history, and a client that has not proven anything yet. */
async function serve() {
  const dataDirectory = tempDir();
  const world = statusWorld(dataDirectory);
  world.code = CODE;
  await endedRun(world.store, 'r1');
  const runDirectory = tempDir();
  const serving = await serveStatus({
    ports: world.ports,
    directory: join(dataDirectory, 'kanade-tray'),
    guard: endpointGuard(),
    accounts: new WatchedCell<readonly string[]>([]),
    hostSecret: null,
    env: { XDG_RUNTIME_DIR: runDirectory },
    runDirectory,
  });
  if (serving.kind !== 'serving') throw new Error(serving.why);
  onTestFinished(() => serving.server.close());
  const open = () => {
    const client = new RawClient(serving.server.address);
    onTestFinished(() => client.close());
    return client;
  };
  const endpoint = await readEndpoint(dataDirectory);
  const proven = async () => {
    const client = open();
    await client.shake(endpoint);
    return client;
  };
  return { open, proven, asked: world.asked };
}

const HEALTHY = { id: 1, result: { agent: { state: 'running' } } };

async function stillServes(client: RawClient): Promise<void> {
  client.send(call('state.snapshot'));
  expect(await client.next()).toMatchObject(HEALTHY);
}

type Frame = string | Uint8Array;
const rpc = (fields: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'state.snapshot', params: {}, ...fields });
const withParams = (text: string) => `{"jsonrpc":"2.0","id":1,"method":"state.snapshot","params":${text}}`;
const list = (params: object) => call('runs.list', params);
const output = (params: object) => call('runs.output', { run: 1, stream: 'stdout', ...params });

describe('after the handshake', () => {
  const table: readonly (readonly [string, Frame, FaultName, number | null])[] = [
    ['an empty frame', '', 'parse_error', null],
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n', 'parse_error', null],
    ['NUL characters', '\0'.repeat(64), 'parse_error', null],
    ['a cut call', call('state.snapshot').slice(0, -1), 'parse_error', null],
    ['null', 'null', 'invalid_request', null],
    ['a number', '5', 'invalid_request', null],
    ['a batch', `[${call('state.snapshot')}]`, 'invalid_request', null],
    ['no version of JSON-RPC', '{"id":1,"method":"state.snapshot"}', 'invalid_request', null],
    ['JSON-RPC 1.0', rpc({ jsonrpc: '1.0' }), 'invalid_request', null],
    ['no method', '{"jsonrpc":"2.0","id":1}', 'invalid_request', 1],
    ['a method that is a number', rpc({ method: 1 }), 'invalid_request', 1],
    ['no id', '{"jsonrpc":"2.0","method":"state.snapshot"}', 'invalid_request', null],
    ['an id that is null', rpc({ id: null }), 'invalid_request', null],
    ['an id that is an object', rpc({ id: {} }), 'invalid_request', null],
    ['an id that is a fraction', rpc({ id: 1.5 }), 'invalid_request', null],
    ['an id of 2^53', rpc({ id: 2 ** 53 }), 'invalid_request', null],
    ['an id of 101 characters', rpc({ id: 'x'.repeat(101) }), 'invalid_request', null],
    ['an unknown method', call('runs.delete'), 'unknown_method', 1],
    ['a method that every object has', call('constructor'), 'unknown_method', 1],
    ['__proto__ as a method', call('__proto__'), 'unknown_method', 1],
    ['an empty method', call(''), 'unknown_method', 1],
    ['a second handshake', call('handshake'), 'invalid_request', 1],
    ['params that are null', withParams('null'), 'invalid_params', 1],
    ['params that are a list', withParams('[]'), 'invalid_params', 1],
    ['params that are a text', withParams('"x"'), 'invalid_params', 1],
    ['params nobody asked for', withParams('{"x":1}'), 'invalid_params', 1],
    ['20,000 levels of params', withParams('['.repeat(20_000) + ']'.repeat(20_000)), 'invalid_params', 1],
    ['a run of 0', call('runs.get', { run: 0 }), 'invalid_params', 1],
    ['a run of -1', call('runs.get', { run: -1 }), 'invalid_params', 1],
    ['a run of 1.5', call('runs.get', { run: 1.5 }), 'invalid_params', 1],
    ['a run of 2^53', call('runs.get', { run: 2 ** 53 }), 'invalid_params', 1],
    ['a run in quotes', call('runs.get', { run: '1' }), 'invalid_params', 1],
    ['no run', call('runs.get'), 'invalid_params', 1],
    ['a run that is not there', call('runs.get', { run: 2 ** 53 - 1 }), 'not_found', 1],
    ['0 rows', list({ limit: 0 }), 'invalid_params', 1],
    ['501 rows', list({ limit: 501 }), 'invalid_params', 1],
    ['a search of 201 characters', list({ search: 'x'.repeat(201) }), 'invalid_params', 1],
    ['an unknown group', list({ group: 'all' }), 'invalid_params', 1],
    ['an empty list of reasons', list({ reasons: [] }), 'invalid_params', 1],
    ['an unknown reason', list({ reasons: ['done'] }), 'invalid_params', 1],
    ['a stream that is not there', output({ stream: 'env' }), 'invalid_params', 1],
    ['a negative offset', output({ offsetChars: -1 }), 'invalid_params', 1],
    ['a limit of 2^18 + 1', output({ limitChars: 2 ** 18 + 1 }), 'invalid_params', 1],
    ['an empty result id', call('outbox.resend', { resultId: '' }), 'invalid_params', 1],
    ['a result id that is not there', call('outbox.resend', { resultId: "' OR 1=1 --" }), 'not_found', 1],
    ['a level that is not there', call('log.setLevel', { level: 'trace' }), 'invalid_params', 1],
    ['an empty code', call('helpdesk.unlock', { code: '' }), 'invalid_params', 1],
    ['a code with a NUL behind it', call('helpdesk.unlock', { code: `${CODE}\0` }), 'wrong_code', 1],
    ['a stop by who is not the host', call('agent.stop'), 'role_needed', 1],
  ];
  test.each(table)('%s', async (_name, frame, fault, id) => {
    const { proven, asked } = await serve();
    const client = await proven();
    client.send(frame);
    expect(await client.next()).toMatchObject({ id, error: { data: { fault } } });
    await stillServes(client);
    expect(asked).toEqual([]);
  });

  const strange: readonly (readonly [string, Frame, object])[] = [
    ['a byte order mark before a call', `\ufeff${call('state.snapshot')}`, HEALTHY],
    [
      'a key twice: the last one counts',
      '{"jsonrpc":"2.0","id":7,"id":1,"method":"state.snapshot","params":{}}',
      HEALTHY,
    ],
    ['params left out', '{"jsonrpc":"2.0","id":1,"method":"state.snapshot"}', HEALTHY],
    ['a search for a wildcard of SQL', list({ search: '%' }), { result: { rows: [] } }],
    ['a search for half a surrogate pair', list({ search: '\ud800' }), { result: { rows: [] } }],
    ['a search for a NUL, where a pattern ends for SQLite', list({ search: '\0' }), { result: { rows: [{ run: 1 }] } }],
    ['a search for the end of a text of SQL', list({ search: "' OR '1'='1" }), { result: { rows: [] } }],
    ['from the end of time', list({ fromMs: 1e308 }), { result: { rows: [] } }],
    ['up to the end of time', list({ toMs: 1e308, startAtMs: 1e308 }), { result: { rows: [{ run: 1 }] } }],
    ['before the first run', list({ beforeRun: 1 }), { result: { rows: [], nextBeforeRun: null } }],
    ['output past its end', output({ offsetChars: 2 ** 53 - 1 }), { result: { text: '', nextOffsetChars: null } }],
  ];
  test.each(strange)('%s is answered', async (_name, frame, answer) => {
    const client = await (await serve()).proven();
    client.send(frame);
    expect(await client.next()).toMatchObject(answer);
    await stillServes(client);
  });

  test.each<[string, Uint8Array]>([
    ['a call', encodeFrame(call('agent.drain'))],
    ['an empty frame', encodeFrame('')],
    ['invalid UTF-8', encodeFrameOf(Buffer.from([0xff, 0xfe, 0x00]))],
    ['NUL bytes', encodeFrameOf(Buffer.alloc(64))],
    ['the seal of nothing', encodeFrame(Buffer.alloc(16).toString('base64'))],
  ])('%s that is not sealed ends the connection, and no other', async (_name, frame) => {
    const { proven, asked } = await serve();
    const [client, other] = [await proven(), await proven()];
    client.send(frame);
    expect(await client.next()).toBeNull();
    await stillServes(other);
    expect(asked).toEqual([]);
  });

  test('an answer to a question that was never asked is passed over', async () => {
    const client = await (await serve()).proven();
    client.send('{"jsonrpc":"2.0","id":1,"result":{}}');
    client.send('{"jsonrpc":"2.0","id":"x","error":{"code":"y"}}');
    await stillServes(client);
  });
});

describe('what is too large ends the connection with an error, and no other', () => {
  const sizes: readonly (readonly [string, Uint8Array])[] = [
    ['one byte too much', frameOf(MAX_REQUEST_BYTES + 1)],
    ['a length of 2^32 - 1', frameOf(2 ** 32 - 1)],
    ['HTTP, whose first letters are a length', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['1 MB', frameOf(1024 * 1024, Buffer.alloc(1024 * 1024, 0x78))],
  ];
  test.each(sizes)('%s', async (_name, bytes) => {
    const { open, proven } = await serve();
    const [client, stranger, other] = [await proven(), open(), await proven()];
    client.send(bytes);
    stranger.send(bytes);
    expect(await stranger.next()).toMatchObject({ method: 'hello' });
    for (const each of [client, stranger]) {
      expect(await each.next()).toMatchObject({ id: null, error: { data: { fault: 'too_large' } } });
      expect(await each.next()).toBeNull();
    }
    await stillServes(other);
  });

  test('the largest frame that may be is read, in pieces of any size', async () => {
    const client = await (await serve()).proven();
    // Sealed and in base64.
    const frame = client.frame(call('state.snapshot').padEnd((MAX_REQUEST_BYTES / 4) * 3 - 16, ' '));
    expect(frame).toHaveLength(MAX_REQUEST_BYTES + 4);
    for (const byte of frame.subarray(0, 6)) client.send(Uint8Array.of(byte));
    client.send(frame.subarray(6, 5_000));
    client.send(Buffer.concat([frame.subarray(5_000), client.frame(call('state.snapshot'))]));
    expect(await client.next()).toMatchObject(HEALTHY);
    expect(await client.next()).toMatchObject(HEALTHY);
  });

  test('a frame that is never finished holds up nobody', async () => {
    const { proven } = await serve();
    const [half, other] = [await proven(), await proven()];
    half.send(frameOf(1_000, Buffer.from('{"jsonrpc"')));
    await stillServes(other);
    half.close();
    await stillServes(other);
  });
});

describe('before the handshake', () => {
  const hex = 'ab'.repeat(32);
  const shake = (params: object) =>
    call('handshake', { contract: CONTRACT_VERSION, client: 'cli', nonce: hex, proof: hex, ...params });
  const table: readonly (readonly [string, string, FaultName])[] = [
    ['a call', call('state.snapshot'), 'handshake_needed'],
    ['an unknown method', call('nope'), 'handshake_needed'],
    ['no JSON', '{', 'parse_error'],
    ['a handshake without anything', call('handshake'), 'invalid_params'],
    ['a contract in quotes', shake({ contract: '1' }), 'invalid_params'],
    ['a contract of 1.5', shake({ contract: 1.5 }), 'invalid_params'],
    ['a contract of -1', shake({ contract: -1 }), 'contract_unsupported'],
    ['a contract of 2^53 - 1', shake({ contract: 2 ** 53 - 1 }), 'contract_unsupported'],
    ['an unknown client', shake({ client: 'root' }), 'invalid_params'],
    ['a nonce in capitals', shake({ nonce: 'AB'.repeat(32) }), 'invalid_params'],
    ['a proof of 31 bytes', shake({ proof: 'ab'.repeat(31) }), 'invalid_params'],
    ['a proof that does not hold', shake({}), 'proof_refused'],
    ['a field more', shake({ account: '0' }), 'invalid_params'],
  ];
  test.each(table)('%s', async (_name, frame, fault) => {
    const { open, proven } = await serve();
    const client = open();
    expect(await client.next()).toMatchObject({ method: 'hello' });
    client.send(frame);
    expect(await client.next()).toMatchObject({ error: { data: { fault } } });
    client.send(call('state.snapshot'));
    const after = await client.next();
    if (after !== null) expect(after).toMatchObject({ error: { data: { fault: 'handshake_needed' } } });
    await stillServes(await proven());
  });
});

/** Bytes that are no text, as one frame. */
function encodeFrameOf(body: Uint8Array): Uint8Array {
  return frameOf(body.length, body);
}
