/** The built agent on a real broker, where what it runs has to be signed: live, replayed, over a restart, with a key that is rotated. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { type NatsConnection, headers as newHeaders } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { startAgent, TestAgent } from '../../test/support/agent.ts';
import { commandJson } from '../../test/support/commands.ts';
import { eventually } from '../../test/support/eventually.ts';
import { api, countStored, provisionedOperator, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { said } from '../../test/support/scripts.ts';
import { ringEntry, signedHeaders, signingKey } from '../../test/support/signing.ts';
import { tempDir } from '../../test/support/temp.ts';

const PC = 'PC-OURS';
const [OLD, NEW] = [signingKey(1), signingKey(2)];
const oldEntry = ringEntry('backend-1', OLD, { label: 'Backend' });
const newEntry = ringEntry('backend-2', NEW);

async function world(toml: string, ring: readonly object[]) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const directory = tempDir();
  const keys = join(directory, 'keys.json');
  const provide = (entries: readonly object[]) => writeFileSync(keys, JSON.stringify(entries), { mode: 0o600 });
  provide(ring);
  const options = { server, nc, directory, toml: `[commands]\nsignatures = "${toml}"\nkeys_file = "keys.json"\n` };
  return { server, nc, provide, options };
}

/** Publishes as a backend does: into the stream, with its headers. */
async function send(nc: NatsConnection, body: string, signature: Readonly<Record<string, string>> = {}) {
  const headers = newHeaders();
  for (const [name, value] of Object.entries(signature)) headers.set(name, value);
  await jetstream(nc).publish(`commands.pc.${PC}`, body, { headers });
}

const sendSigned = (nc: NatsConnection, requestId: string, kid = 'backend-1', key = OLD) => {
  const body = commandJson(requestId);
  return send(nc, body, signedHeaders(kid, key, body));
};

test('only what is signed runs, live and after it was away, and each run says by whom', async () => {
  const { nc, options } = await world('require', [oldEntry]);
  const agent = await startAgent(options);
  await sendSigned(nc, 'signed');
  expect(await waitForResult(nc, 'signed')).toMatchObject({ exit_code: 0, stdout: said('hello') });
  await send(nc, commandJson('unsigned'));
  expect(await waitForResult(nc, 'unsigned')).toMatchObject({
    exit_code: 123,
    skipped: false,
    stderr: expect.stringMatching(/^refused: command carried no signature, and this host requires one\. /),
  });
  const forged = commandJson('forged');
  await send(nc, forged, signedHeaders('backend-1', NEW, forged));
  expect(await waitForResult(nc, 'forged')).toMatchObject({
    exit_code: 123,
    stderr: expect.stringMatching(/^refused: signature does not match these bytes\. /),
  });
  await agent.stop();
  await sendSigned(nc, 'while-away');
  await agent.start();
  expect(await waitForResult(nc, 'while-away')).toMatchObject({ exit_code: 0 });
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(4);

  const client = await agent.connect();
  const { rows } = await client.call('runs.list', {});
  const found = await Promise.all(rows.map(async ({ run }) => (await client.call('runs.get', { run })).signature));
  expect(found).toEqual([
    { state: 'ok', kid: 'backend-1' },
    { state: 'invalid', kid: null },
    { state: 'absent', kid: null },
    { state: 'ok', kid: 'backend-1' },
  ]);
  expect((await client.call('about.capabilities', {})).facts).toMatchObject({
    signatures: 'require',
    commandKeys: [{ kid: 'backend-1', label: 'Backend', fingerprint: '34750f98bd59fcfc', maxAgeSecs: null }],
    commandKeysFault: false,
  });
  expect((await client.call('state.snapshot', {})).counters).toMatchObject({
    signature_ok: 2,
    signature_absent: 1,
    signature_invalid: 1,
    signature_refused: 2,
  });
});

test('the heartbeat says which keys count and that they are required; a key is rotated without a restart', async () => {
  const { nc, provide, options } = await world('require', [oldEntry]);
  const beats: Record<string, unknown>[] = [];
  nc.subscribe(`heartbeat.${PC}`, { callback: (_, message) => void beats.push(message.json()) });
  await startAgent(options);
  await eventually(() =>
    expect(beats.at(-1)).toMatchObject({
      command_keys: ['backend-1:34750f98bd59fcfc'],
      enforcing: true,
      command_protocols: ['legacy', 'kanade.command.v2'],
    }),
  );
  provide([oldEntry, newEntry]);
  // The first command of a key that is not known brings it, at most once a second.
  await eventually(async () => {
    const requestId = `new-${beats.length}-${Date.now()}`;
    await sendSigned(nc, requestId, 'backend-2', NEW);
    expect(await waitForResult(nc, requestId)).toMatchObject({ exit_code: 0 });
  });
  await sendSigned(nc, 'old-still');
  expect(await waitForResult(nc, 'old-still')).toMatchObject({ exit_code: 0 });
  // A key that is taken away is looked for with each heartbeat, and a ping is answered by one.
  provide([newEntry]);
  await eventually(async () => {
    const beat = (await nc.request(`agents.${PC}.ping`, '')).json();
    expect(beat).toMatchObject({ command_keys: [expect.stringMatching(/^backend-2:/)] });
  });
  await sendSigned(nc, 'old-gone');
  expect(await waitForResult(nc, 'old-gone')).toMatchObject({
    exit_code: 123,
    stderr: expect.stringMatching(/^refused: signed by a key this host does not have /),
  });
});

test('an envelope runs for this PC within its time, and for nobody else', async () => {
  const { nc, options } = await world('off', [oldEntry]);
  const agent = await startAgent(options);
  const sealed = (requestId: string, target = PC, ms = 60_000) =>
    JSON.stringify({
      kind: 'kanade.command.v2',
      target_pc_id: target,
      expires_at: new Date(Date.now() + ms).toISOString(),
      command: JSON.parse(commandJson(requestId)) as unknown,
    });
  const seal = async (body: string, atMs?: number) => send(nc, body, signedHeaders('backend-1', OLD, body, atMs));
  await seal(sealed('elsewhere', 'PC-2'));
  await seal(sealed('late', PC, -1_000), Date.now() - 5_000);
  await seal(sealed('sealed'));
  expect(await waitForResult(nc, 'sealed')).toMatchObject({ exit_code: 0, stdout: said('hello') });
  const client = await agent.connect();
  const rows = async () => (await client.call('runs.list', {})).rows.map(({ reason }) => reason);
  await eventually(async () => expect(await rows()).toEqual(['DONE', 'EXPIRED_ENV', 'MISADDRESSED']));
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(1);
});

test('where they are only reported everything runs, and what would have been refused is counted', async () => {
  const { nc, options } = await world('report', [oldEntry]);
  const agent = await startAgent(options);
  await send(nc, commandJson('unsigned'));
  await sendSigned(nc, 'unknown', 'backend-2', NEW);
  for (const id of ['unsigned', 'unknown']) expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).counters).toMatchObject({
    signature_absent: 1,
    signature_unknown_key: 1,
    signature_refused: 0,
  });
});

test('required without a key nothing runs, until there is one', async () => {
  const { nc, provide, options } = await world('require', []);
  const agent = new TestAgent(options);
  await using _ = { [Symbol.asyncDispose]: () => agent.stop() };
  await agent.start();
  await sendSigned(nc, 'none');
  expect(await waitForResult(nc, 'none')).toMatchObject({
    exit_code: 123,
    stderr: expect.stringMatching(/^refused: this host requires signed commands but holds no command-signing keys/),
  });
  provide([oldEntry]);
  await nc.request(`agents.${PC}.ping`, '');
  // What was refused has not taken its id: the same message, sent again, is the same message; under another signature it runs.
  await eventually(async () => {
    // The key is read a moment after the ping, and not for each message that comes.
    await sendSigned(nc, 'none');
    expect(await waitForResult(nc, 'none')).toMatchObject({ exit_code: 0 });
  });
});

/** A fleet at 0.101 keeps its timelines here; one at 0.29 has no such stream. */
const keepTimelines = (nc: NatsConnection) =>
  api(nc, 'STREAM.CREATE.OBS_EVENTS', { name: 'OBS_EVENTS', subjects: ['obs.>'] });

test('the timeline of the fleet has a row for each change of what is found, live and after the broker was away', async () => {
  const { server, nc, options } = await world('report', [oldEntry]);
  await keepTimelines(nc);
  const agent = await startAgent(options);
  const events = async () => {
    const count = await countStored(nc, 'OBS_EVENTS', 'obs.>');
    const bodies: unknown[] = [];
    for (let seq = 1; seq <= count; seq += 1) {
      const { message } = await api<{ message: { data: string } }>(nc, 'STREAM.MSG.GET.OBS_EVENTS', { seq });
      bodies.push(JSON.parse(Buffer.from(message.data, 'base64').toString()));
    }
    return bodies;
  };
  const changed = (from: string | null, to: string) => ({
    pc_id: PC,
    at: expect.stringMatching(/^20.*Z$/),
    kind: `command_signature_${to}`,
    source: 'command_signature',
    event_record_id: expect.stringMatching(new RegExp(`^command_signature_${to}:\\d{13}$`)),
    payload: { from: from === null ? null : `command_signature_${from}`, to: `command_signature_${to}` },
  });
  for (const id of ['unsigned', 'unsigned-too']) await send(nc, commandJson(id));
  await sendSigned(nc, 'signed');
  await eventually(async () => expect(await events()).toEqual([changed(null, 'absent'), changed('absent', 'ok')]));
  await sendSigned(nc, 'strange', 'backend-2', NEW);
  await server.restart();
  await eventually(async () => expect((await events()).at(2)).toEqual(changed('ok', 'unknown_key')));
  for (const id of ['unsigned', 'unsigned-too', 'signed', 'strange']) {
    expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  }
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).counters).toMatchObject({ signature_events_left_out: 0 });
});

test('a fleet that keeps no timelines gets every result, and the agent says nothing of it', async () => {
  const { nc, options } = await world('report', [oldEntry]);
  const agent = await startAgent(options);
  for (let count = 0; count < 20; count += 1) {
    await send(nc, commandJson(`unsigned-${count}`));
    await sendSigned(nc, `signed-${count}`);
  }
  for (let count = 0; count < 20; count += 1) {
    for (const id of [`unsigned-${count}`, `signed-${count}`])
      expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  }
  const client = await agent.connect();
  const { notices, counters } = await client.call('state.snapshot', {});
  expect(notices).toMatchObject({ forbidden: null, undelivered: null });
  expect(counters).toMatchObject({ signature_ok: 20, signature_absent: 20 });
  // Ten are told at most, and then one when it may be again.
  await keepTimelines(nc);
  await agent.stop();
  await agent.start();
  await eventually(async () => expect(await countStored(nc, 'OBS_EVENTS', 'obs.>')).toBe(10));
});
