/** The built agent on a real broker, with bad input across each of its borders at once. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { fixtureValue } from '../../test/fixtures/read.ts';
import { readEndpoint } from '../../test/support/agent-client.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { info } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { SHELL, said } from '../../test/support/scripts.ts';
import { type Fields, commandText as textOf } from './command-text.ts';
import { call, frameOf, RawClient } from './raw-client.ts';

const PC = 'PC-OURS';
const MINE = `commands.pc.${PC}`;
const DURABLE = `agent_replay_${PC}`;
/** What PowerShell gets over its standard input may hold a NUL, and a link needs a right there. */
const IS_WINDOWS = process.platform === 'win32';

/** For the shell of this system. */
const commandText = (id: string, changes: Fields = {}) =>
  textOf(id, { shell: JSON.stringify(SHELL), script: '"exit 0"', ...changes });

async function fleet(env: NodeJS.ProcessEnv = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server), env });
  return { nc, agent, start: () => heartbeatAfter(nc, PC, agent) };
}

/** A good command still ends in its result, by the same process. */
async function stillWorks(nc: NatsConnection, agent: AgentRun): Promise<void> {
  const { pid } = agent;
  expect(await waitForResult(nc, await publishCommand(nc, MINE, command()))).toMatchObject({ stdout: said('hello') });
  expect(agent.pid).toBe(pid);
  expect(agent.stdout).not.toContain('ended by a bug');
}

const failed = 'command failed before it produced an outcome';
const refused = 'refused: cannot read command';

test('commands: each is answered as the design says, or shown and not answered', async () => {
  const { nc, agent, start } = await fleet();
  await start();
  const MANY = JSON.stringify(`# ${'x'.repeat(900_000)}`);
  const answered: Record<string, [changes: Fields, code: number, stderr: string]> = {
    'unknown-shell': [
      { shell: '"zsh"' },
      -1,
      `${refused}: shell: expected one of "powershell", "cmd", "sh", "pwsh", found "zsh"`,
    ],
    fraction: [
      { timeout_secs: '5.0' },
      -1,
      `${refused}: timeout_secs: expected a whole number from 0 to 18446744073709551615, found 5 (not written as a whole number)`,
    ],
    '2-to-63': [{ timeout_secs: '9223372036854775808' }, 0, ''],
    '2-to-64-less-1': [{ timeout_secs: '18446744073709551615' }, 0, ''],
    surrogate: [
      { script: '"\\ud800"' },
      -1,
      `${refused}: half a surrogate pair in the string at byte ${92 + SHELL.length}`,
    ],
    typed: [
      { operation: 'null' },
      122,
      'skipped: this kind of command is not supported by this agent (operation: expected a script to run, found a typed command)',
    ],
    'nul-script': [
      { script: '"echo \\u0000"' },
      ...(IS_WINDOWS ? ([0, ''] as const) : ([-1, `${failed}: the script contains a NUL character`] as const)),
    ],
    'nul-cwd': [{ cwd: '"/\\u0000"' }, -1, `${failed}: the working directory contains a NUL character`],
    'no-cwd': [{ cwd: '"/no/such/place"' }, -1, `${failed}: the working directory "/no/such/place" does not exist`],
    'large-script': [{ script: MANY }, 0, ''],
    'large-id': [{ id: MANY }, 0, ''],
    'odd-exec-id': [{ exec_id: '"a b > * \\u0000"' }, 0, ''],
    '日本語.😀': [{}, 0, ''],
    '/etc/passwd': [{}, 0, ''],
  };
  for (const [id, [changes]] of Object.entries(answered)) nc.publish(MINE, commandText(id, changes));
  const silent: readonly (string | Uint8Array)[] = [
    '',
    '[]',
    '['.repeat(100_000),
    Buffer.from([0x7b, 0xff]),
    commandText('../../x'),
    commandText('a b'),
    commandText('a.*'),
  ];
  for (const message of silent) nc.publish(MINE, message);
  await nc.flush();
  const got: Record<string, [number, string]> = {};
  for (const id of Object.keys(answered)) {
    const { exit_code, stderr } = await waitForResult(nc, id);
    got[id] = [exit_code, stderr];
  }
  expect(got).toEqual(Object.fromEntries(Object.entries(answered).map(([id, [, ...end]]) => [id, end])));
  await stillWorks(nc, agent);
  // Nothing is left with the broker, and nothing was answered that has no id.
  await eventually(async () =>
    expect(await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).toMatchObject({ num_ack_pending: 0, num_pending: 0 }),
  );
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(Object.keys(answered).length + 1);
  const client = await agent.connect();
  const { rows } = await client.call('runs.list', { reasons: ['BAD_MESSAGE'] });
  expect(rows.filter(({ exitCode }) => exitCode === null)).toHaveLength(silent.length);
});

test('values of the buckets: the last good ones count, and only the very words of a pin and a withdrawal', async () => {
  const { nc, agent, start } = await fleet();
  await putKey(nc, 'agent_groups', PC, '{"groups":["mine","*",">","a b","../x"]}');
  await putKey(nc, 'agent_config', 'global', '{"heartbeat_interval":"-5s","max_local_concurrent":0}');
  await start();
  const runs = (subject: string, body: object) =>
    publishCommand(nc, subject, command({ version: '1.0.0', ...body })).then((id) => waitForResult(nc, id));
  const group = 'commands.group.mine';
  expect(await runs(group, {})).toMatchObject({ exit_code: 0 });
  for (const bad of ['["mine"]', '{"groups":null}', '{"groups":["other"],"groups":[]}', '\ufeff{"groups":[]}', '']) {
    await putKey(nc, 'agent_groups', PC, bad);
    await putKey(nc, 'agent_config', 'global', bad === '' ? '[' : bad);
    expect(await runs(group, {})).toMatchObject({ exit_code: 0 });
  }
  await putKey(nc, 'script_status', 'j1', 'revoked');
  expect(await runs(MINE, { id: 'j1' })).toMatchObject({ exit_code: 0 });
  await putKey(nc, 'script_current', 'j2', '"1.0.0"');
  const stderr = 'skipped: version-pin mismatch — script_current[j2] = "1.0.0", command brought 1.0.0';
  expect(await runs(MINE, { id: 'j2' })).toMatchObject({ exit_code: 124, stderr });
  expect(await runs(group, {})).toMatchObject({ exit_code: 0 });
  const elsewhere = await publishCommand(nc, 'commands.group.other', command());
  await stillWorks(nc, agent);
  expect(await countStored(nc, 'RESULTS', `results.${elsewhere}`)).toBe(0);
});

test('requests: whatever they hold is answered', async () => {
  const { nc, agent, start } = await fleet();
  await start();
  const ask = async (subject: string, body: string | Uint8Array) =>
    (await nc.request(subject, body, { timeout: 10_000 })).string();
  for (const body of ['', '[', '{"tail_lines":-1}', '{"tail_lines":1e3}', Buffer.from([0xff]), 'x'.repeat(900_000)]) {
    expect(await ask(`logs.fetch.${PC}`, body)).toContain('starting');
    expect(JSON.parse(await ask(`agents.${PC}.ping`, body))).toMatchObject({ pc_id: PC });
    expect(JSON.parse(await ask(`job.tail.${PC}`, body))).toMatchObject({ found: false });
    nc.publish('kill.nobody', body);
  }
  await stillWorks(nc, agent);
});

test('files: garbage in the data directory is kept aside, what is good in it is delivered', async () => {
  const { nc, agent, start } = await fleet();
  const { content } = fixtureValue('local_outbox') as { content: string };
  const own = join(agent.dataDirectory, 'kanade-tray');
  const outbox = join(agent.dataDirectory, 'outbox');
  for (const directory of [own, join(outbox, 'directory.json')]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(own, 'store.db'), 'no database '.repeat(1_000));
  writeFileSync(join(own, 'boot-counter'), '9'.repeat(400));
  writeFileSync(join(agent.dataDirectory, 'local_completions.json'), 'null');
  writeFileSync(join(outbox, 'bad.json'), '{');
  writeFileSync(join(outbox, 'path.json'), content.replace(/"request_id":"[^"]*"/, '"request_id":"../x"'));
  writeFileSync(join(outbox, 'header.json'), content.replace('d2f535cf', 'a\\r\\nb'));
  writeFileSync(join(outbox, 'good.json'), content);
  if (!IS_WINDOWS) symlinkSync('/nowhere', join(outbox, 'link.json'));
  await start();
  expect(await waitForResult(nc, '08fec20f-bf25-4f4b-84cf-b1ae2a1890d0')).toMatchObject({ exit_code: 127 });
  await stillWorks(nc, agent);
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(2);
  const client = await agent.connect();
  await eventually(async () =>
    expect(await client.call('state.snapshot', {})).toMatchObject({ outbox: { waiting: 0, parked: 3 } }),
  );
});

test('the environment: what can not be used is passed over', async () => {
  const { nc, agent, start } = await fleet({
    RUST_LOG: '%%%',
    KANADE_TRAY_HOST_SECRET: 'x'.repeat(64),
    XDG_RUNTIME_DIR: '/no/such/place',
    LANG: 'xx_YY.none',
    TZ: 'Nowhere/Nowhere',
  });
  await start();
  await stillWorks(nc, agent);
  const client = await agent.connect();
  expect(await client.call('about.capabilities', {})).toMatchObject({
    methods: expect.not.arrayContaining(['agent.stop']),
  });
});

test('the local socket: who sends garbage is told so or hung up on, and nobody else notices', async () => {
  const { nc, agent, start } = await fleet();
  await start();
  const steady = await agent.connect();
  const { address } = await readEndpoint(agent.dataDirectory);
  const send = async (bytes: string | Uint8Array) => {
    const client = new RawClient(address);
    onTestFinished(() => client.close());
    expect(await client.next()).toMatchObject({ method: 'hello' });
    client.send(bytes);
    const answer = await client.next();
    client.close();
    return answer?.error?.data.fault;
  };
  expect(await send('')).toBe('parse_error');
  expect(await send(frameOf(3, Buffer.from([0xff, 0xfe, 0xfd])))).toBe('parse_error');
  expect(await send('[]')).toBe('invalid_request');
  expect(await send(call('agent.stop'))).toBe('handshake_needed');
  expect(await send('['.repeat(60_000))).toBe('parse_error');
  expect(await send(frameOf(2 ** 32 - 1))).toBe('too_large');
  expect(await send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('too_large');
  expect(await steady.call('state.snapshot', {})).toMatchObject({ agent: { state: 'running' } });
  await stillWorks(nc, agent);
});
