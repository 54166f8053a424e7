import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checked } from './checked.ts';
import { CallError, Fault } from './faults.ts';
import { memoryLinks } from './link.ts';
import { LinkClosed, type Method, type PeerOptions, peer } from './rpc.ts';

const METHODS: Record<string, Method> = {
  double: checked(z.strictObject({ n: z.number() }), ({ n }) => n * 2),
  slow: () => new Promise(() => {}),
  refuse: () => new Fault('not_found', 'nothing there', { id: 7 }),
  broken: () => {
    throw new Error('a secret of ours');
  },
  unspeakable: () => 1n,
  huge: () => 'x'.repeat(1_000),
  nothing: () => undefined,
};

function resolve(name: string): Method | Fault {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return method ?? new Fault('unknown_method', 'there is no such method');
}

/** A server, and the bare other end of its link. */
function bare(options: Partial<PeerOptions> = {}) {
  const [server, client] = memoryLinks();
  peer(server, { resolve, ...options });
  const ask = (text: string) =>
    new Promise<unknown>((done) => {
      client.onMessage((answer) => done(JSON.parse(answer)));
      client.send(text);
    });
  return { client, ask };
}

function pair(server: Partial<PeerOptions> = {}, client: Partial<PeerOptions> = {}) {
  const [left, right] = memoryLinks();
  return { server: peer(left, { resolve, ...server }), client: peer(right, { resolve, ...client }), left, right };
}

describe('whatever is no answer is answered', () => {
  const cases: [string, string, unknown, number][] = [
    ['what is not JSON', '{"jsonrpc"', null, -32700],
    ['an empty message', '', null, -32700],
    ['garbage', '\u0000\ufffd\u0001', null, -32700],
    ['a number', '7', null, -32600],
    ['null', 'null', null, -32600],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"double"}]', null, -32600],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"double"}', null, -32600],
    ['a call without a method', '{"jsonrpc":"2.0","id":1}', 1, -32600],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":{}}', 1, -32600],
    ['a call without an id', '{"jsonrpc":"2.0","method":"double","params":{"n":1}}', null, -32600],
    ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"double"}', null, -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"double"}', null, -32600],
    ['an id that is a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"double"}', null, -32600],
    ['an id beyond the whole numbers', '{"jsonrpc":"2.0","id":1e300,"method":"double"}', null, -32600],
    ['a very long id', `{"jsonrpc":"2.0","id":"${'x'.repeat(101)}","method":"double"}`, null, -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":"a","method":"treble"}', 'a', -32601],
    ['a method named as what every object has', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', 1, -32601],
    ['params of a wrong type', '{"jsonrpc":"2.0","id":1,"method":"double","params":{"n":"1"}}', 1, -32602],
    ['params that are null', '{"jsonrpc":"2.0","id":1,"method":"double","params":null}', 1, -32602],
    ['params by position', '{"jsonrpc":"2.0","id":1,"method":"double","params":[1]}', 1, -32602],
    ['params too many', '{"jsonrpc":"2.0","id":1,"method":"double","params":{"n":1,"m":2}}', 1, -32602],
    ['no params where some are needed', '{"jsonrpc":"2.0","id":1,"method":"double"}', 1, -32602],
    [
      'deep nesting',
      `{"jsonrpc":"2.0","id":1,"method":"double","params":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      1,
      -32602,
    ],
  ];

  test.each(cases)('%s', async (_what, text, id, code) => {
    expect(await bare().ask(text)).toMatchObject({ jsonrpc: '2.0', id, error: { code } });
  });

  test('and the next call is served', async () => {
    const { ask } = bare();
    for (const [, text] of cases) await ask(text);
    expect(await ask('{"jsonrpc":"2.0","id":9,"method":"double","params":{"n":4}}')).toEqual({
      jsonrpc: '2.0',
      id: 9,
      result: 8,
    });
  });

  test('but an answer is not, so two peers never answer each other for ever', async () => {
    const heard: string[] = [];
    const { client, ask } = bare({ onFault: (fault) => heard.push(fault.name) });
    client.send('{"jsonrpc":"2.0","id":1,"error":{"code":-32700}}');
    client.send('{"jsonrpc":"2.0","id":77,"result":1}');
    client.send('{"jsonrpc":"2.0","id":null,"error":null}');
    expect(await ask('{"jsonrpc":"2.0","id":3,"method":"nothing"}')).toEqual({ jsonrpc: '2.0', id: 3, result: null });
    expect(heard).toEqual(['parse_error', 'internal']);
  });
});

describe('calls', () => {
  test('a result, an error with its name and data, and a bug that says nothing of itself', async () => {
    const bugs: string[] = [];
    const { client } = pair({ onBug: (method, error) => bugs.push(`${method}: ${String(error)}`) });
    expect(await client.call('double', { n: 21 })).toBe(42);
    const refused = await client.call('refuse', {}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CallError);
    expect((refused as CallError).fault).toMatchObject({ name: 'not_found', data: { id: 7 } });
    await expect(client.call('broken', {})).rejects.toMatchObject({
      fault: { name: 'internal', message: 'internal error' },
    });
    expect(bugs).toEqual(['broken: Error: a secret of ours']);
  });

  test('an answer that can not be sent becomes an error', async () => {
    const [left, right] = memoryLinks();
    const narrow = (text: string) => {
      if (text.length > 500) throw new RangeError('too large for this link');
      left.send(text);
    };
    peer({ ...left, send: narrow }, { resolve });
    const client = peer(right, { resolve });
    await expect(client.call('huge', {})).rejects.toMatchObject({ fault: { name: 'too_large' } });
    await expect(client.call('unspeakable', {})).rejects.toMatchObject({ fault: { name: 'internal' } });
  });

  test('both sides can call; answers find their calls in any order', async () => {
    const { client, server } = pair();
    const answers = await Promise.all([
      server.call('double', { n: 1 }),
      client.call('double', { n: 2 }),
      server.call('double', { n: 3 }),
    ]);
    expect(answers).toEqual([2, 4, 6]);
  });

  test('a call ends with the link, and one after it too', async () => {
    const { client, left } = pair();
    const waiting = client.call('slow', {});
    left.close();
    await expect(waiting).rejects.toThrow(LinkClosed);
    await expect(client.call('double', { n: 1 })).rejects.toThrow(LinkClosed);
  });

  test('a call ends with its signal', async () => {
    const { client } = pair();
    const stop = new AbortController();
    const waiting = client.call('slow', {}, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(client.call('double', { n: 1 }, stop.signal)).rejects.toThrow('enough');
  });

  test('a push arrives with its params and is not answered', async () => {
    const got: unknown[] = [];
    const faults: Fault[] = [];
    const { server, client } = pair(
      { onFault: (fault) => faults.push(fault) },
      { onPush: (name, params) => got.push([name, params]) },
    );
    server.push('state.changed', { a: 1 });
    await client.call('nothing', {});
    expect({ got, faults }).toEqual({ got: [['state.changed', { a: 1 }]], faults: [] });
  });
});
