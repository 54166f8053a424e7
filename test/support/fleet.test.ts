import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  api,
  command,
  countStored,
  lastStored,
  operator,
  provision,
  provisionedOperator,
  publishCommand,
  putKey,
  STREAMS,
  waitForResult,
} from './fleet.ts';
import { startNatsServer } from './nats-server.ts';

function fixture(name: string): { messages: { subject: string; payload: string }[]; value: Record<string, unknown>[] } {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** What differs from server to server, and from request to request, without any meaning. */
function settings(config: Record<string, unknown>): Record<string, unknown> {
  const { metadata: _, ...rest } = config;
  return rest;
}

describe('provisioning', () => {
  test('asks for the streams and buckets in the words of the original backend', () => {
    const asked = fixture('jetstream_bootstrap')
      .messages.filter(({ subject }) => subject.includes('STREAM.CREATE'))
      .map(({ payload }) => JSON.parse(payload));
    const byName = new Map(asked.map((config: { name: string }) => [config.name, config]));
    expect(new Map(STREAMS.map((config) => [config.name, config]))).toEqual(byName);
  });

  test('leaves a server with the same settings as the original does, also when done twice', async () => {
    const nc = await provisionedOperator(await startNatsServer());
    await provision(nc);
    for (const expected of fixture('jetstream_streams').value) {
      const { config } = await api(nc, `STREAM.INFO.${String(expected.name)}`);
      expect(settings(config as Record<string, unknown>)).toEqual(settings(expected));
    }
    expect(fixture('jetstream_streams').value).toHaveLength(STREAMS.length);
  });
});

describe('the operators’ side', () => {
  test('a published command is stored on EXEC, and a key where the agent looks for it', async () => {
    const nc = await provisionedOperator(await startNatsServer());
    const requestId = await publishCommand(nc, 'commands.all', command({ script: 'echo 1' }));
    await putKey(nc, 'script_status', 'job', 'REVOKED');
    expect(await countStored(nc, 'EXEC', 'commands.>')).toBe(1);
    const stored = await lastStored(nc, 'EXEC', 'commands.all');
    expect(JSON.parse(Buffer.from(stored?.data ?? '', 'base64').toString())).toMatchObject({ request_id: requestId });
    const key = await lastStored(nc, 'KV_script_status', '$KV.script_status.job');
    expect(Buffer.from(key?.data ?? '', 'base64').toString()).toBe('REVOKED');
  });

  test('a result is waited for, also while the broker is away', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    const waiting = waitForResult(nc, 'r1');
    await server.restart();
    const other = await operator(server);
    await other.request('results.r1', JSON.stringify({ request_id: 'r1', exit_code: 7 }));
    expect(await waiting).toMatchObject({ request_id: 'r1', exit_code: 7 });
  });

  test('a result that does not come is an error that names it', async () => {
    const nc = await provisionedOperator(await startNatsServer());
    await expect(waitForResult(nc, 'r2', { timeoutMs: 50 })).rejects.toThrow('waited for 0.05 s: the result of r2');
  });
});

describe('the broker', () => {
  test('keeps port and messages over a stop, a kill and a restart, and loses the messages when it comes back empty', async () => {
    const server = await startNatsServer();
    const { url } = server;
    const nc = await provisionedOperator(server);
    await publishCommand(nc, 'commands.all', command());
    await server.stop();
    await server.start();
    await server.kill();
    await server.start();
    expect(server.url).toBe(url);
    expect(await countStored(await operator(server), 'EXEC', 'commands.>')).toBe(1);
    await server.restart({ empty: true });
    const again = await operator(server);
    await expect(countStored(again, 'EXEC', 'commands.>')).rejects.toThrow('stream not found');
  });

  test('answers nothing while paused and goes on after it', async () => {
    const server = await startNatsServer();
    const nc = await operator(server);
    const other = await operator(await startNatsServer());
    const order: string[] = [];
    await server.pause();
    const flushed = nc.flush().then(() => order.push('it answers'));
    // Many times the way there and back of one that goes on.
    for (let times = 0; times < 100; times++) await other.flush();
    order.push('it goes on');
    server.resume();
    await flushed;
    expect(order).toEqual(['it goes on', 'it answers']);
  });

  test('takes more configuration', async () => {
    const server = await startNatsServer({
      config: 'authorization { token: "s3cret" }\nwebsocket { port: -1, no_tls: true }',
    });
    await expect(operator(server)).rejects.toThrow(/authorization/i);
    await operator(server, { token: 's3cret' });
    expect(server.endpoints.websocket?.[0]).toMatch(/^ws:/);
  });

  test('a configuration it refuses is an error with its own words', async () => {
    await expect(startNatsServer({ config: 'max_payload: nonsense' })).rejects.toThrow(
      /nats-server did not start: .*nats-server\.conf:5/s,
    );
  });
});
