/** How the agent ends, and that it serves settings that it can't use instead of ending where a service manager started it (architecture §4). */
import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import { operator } from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { tempDir } from '../../test/support/temp.ts';

const NOWHERE = { url: 'nats://127.0.0.1:1' };
const UNUSABLE = [
  '[agent]',
  'id = "PC OURS"',
  'nats_url = "nats://127.0.0.1:1"',
  '[run]',
  'grace = "soon"',
  '[log]',
  'path = "agent.log"',
  'level = "info"',
  '',
].join('\n');

async function run(toml: string | null, ...args: string[]) {
  const agent = new AgentRun({ toml, args });
  agent.start();
  const { code } = await agent.ended();
  return { code, stdout: agent.stdout, stderr: agent.stderr, config: agent.config };
}

test('without settings it ends with 1 and names the file', async () => {
  const { code, stderr, config } = await run(null);
  expect(code).toBe(1);
  expect(stderr).toContain(config);
});

test('with settings that it can not use it ends with 1 and names every problem with its file, line and key', async () => {
  const { code, stderr, config } = await run(UNUSABLE);
  expect(code).toBe(1);
  expect(stderr).toContain(`${config}:2`);
  expect(stderr).toContain('agent.id');
  expect(stderr).toContain(`${config}:5`);
  expect(stderr).toContain('run.grace');
});

test('--check-config prints the settings in force and ends with 0, or the problems and ends with 1', async () => {
  const good = await run(settings(NOWHERE), '--check-config');
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/agent\.id.*PC-OURS.*agent\.toml/);
  const bad = await run(UNUSABLE, '--check-config');
  expect(bad).toMatchObject({ code: 1, stdout: '' });
  expect(bad.stderr).toContain('run.grace');
});

test('an option that it does not know is an error', async () => {
  const { code, stderr } = await run(settings(NOWHERE), '--verbos');
  expect(code).toBe(1);
  expect(stderr).toContain('--verbos');
  expect(stderr).toContain('usage:');
});

test('--version says the version and nothing else', async () => {
  const { code, stdout } = await run(null, '--version');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

// On Windows it is told on its standard input.
test.for(process.platform === 'win32' ? (['SIGTERM'] as const) : (['SIGTERM', 'SIGINT', 'SIGHUP'] as const))(
  'stopped by %s it ends with 0, also where no broker ever answered',
  async (signal) => {
    const agent = new AgentRun({ toml: settings(NOWHERE) });
    agent.start();
    const client = await agent.connect();
    const { connection } = await client.call('state.snapshot', {});
    expect(connection.state).toMatch(/starting|unreachable/);
    expect(await agent.end(signal)).toEqual({ code: 0, signal: null });
  },
);

test('a data directory that is in use ends it with 2, and the agent that has it goes on', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const first = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, 'PC-OURS', first);
  const second = new AgentRun({ toml: settings(server), dataDirectory: first.dataDirectory });
  second.start();
  expect(await second.ended()).toEqual({ code: 2, signal: null });
  expect(second.stderr).toBe(`the data directory ${first.dataDirectory} is in use by another agent\n`);
  expect((await (await first.connect()).call('state.snapshot', {})).agent.state).toBe('running');
  await first.end('SIGKILL');
  // Freed by the death of the first: no file is left that has to be removed.
  await heartbeatAfter(nc, 'PC-OURS', second);
});

test('as a service, missing settings are a state that is shown, and used as soon as they are there', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const agent = new AgentRun({ toml: null, args: ['--service'] });
  agent.start();
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).agent.state).toBe('not_set_up');
  await heartbeatAfter(nc, 'PC-OURS', {
    log: agent.log,
    died: agent.died,
    start: () => writeFileSync(agent.config, settings(server)),
  });
  const now = await agent.connect();
  expect((await now.call('state.snapshot', {})).agent.state).toBe('running');
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('as a service, settings that become usable are used, though nothing about their file tells that it has changed', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const agent = new AgentRun({ toml: UNUSABLE, args: ['--service'] });
  const at = new Date(Date.now() - 3_600_000);
  utimesSync(agent.config, at, at);
  agent.start();
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).agent.state).toBe('config_invalid');
  await heartbeatAfter(nc, 'PC-OURS', {
    log: agent.log,
    died: agent.died,
    start: () => {
      // As where another program has held it.
      writeFileSync(agent.config, settings(server));
      utimesSync(agent.config, at, at);
    },
  });
});

test('as a service on a PC that has nothing yet, that is shown too', async () => {
  const agent = new AgentRun({
    toml: null,
    args: ['--service'],
    dataDirectory: join(tempDir(), 'not', 'there'),
    makesData: false,
  });
  agent.start();
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).agent.state).toBe('not_set_up');
});

test('as a service, settings that it can not use are shown with file, line and key, another problem instead of the first too', async () => {
  const agent = new AgentRun({ toml: UNUSABLE, args: ['--service'] });
  agent.start();
  const client = await agent.connect();
  const problems = async () => (await client.call('state.snapshot', {})).agent;
  expect(await problems()).toMatchObject({
    state: 'config_invalid',
    faults: {
      count: 2,
      list: [
        { file: agent.config, line: 2, key: 'agent.id' },
        { file: agent.config, line: 5, key: 'run.grace' },
      ],
    },
  });
  writeFileSync(agent.config, `${settings(NOWHERE)}\n[tls]\nca = 5\n`);
  await eventually(async () => expect((await problems()).faults.list?.map(({ key }) => key)).toEqual(['tls.ca']));
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test.skipIf(process.platform === 'win32')(
  'settings that somebody else could have written are not obeyed: it ends with 1 and says which and why',
  async () => {
    const agent = new AgentRun({ toml: settings(NOWHERE) });
    chmodSync(agent.config, 0o666);
    agent.start();
    expect(await agent.ended()).toEqual({ code: 1, signal: null });
    expect(agent.stderr).toBe(`settings not trusted: ${agent.config}: can be written by everybody\n`);
  },
);

test.skipIf(process.platform === 'win32')(
  'as a service, settings that are not trusted are a state that is shown, until they are nobody else’s',
  async () => {
    const server = await startNatsServer();
    const nc = await operator(server);
    const agent = new AgentRun({ toml: settings(server), args: ['--service'] });
    chmodSync(agent.config, 0o666);
    agent.start();
    const client = await agent.connect();
    const { agent: shown } = await client.call('state.snapshot', {});
    expect(shown).toMatchObject({ state: 'not_trusted', faults: { count: 1, list: [{ file: agent.config }] } });
    expect(agent.stdout).toContain(`settings not trusted: ${agent.config}: can be written by everybody`);
    await heartbeatAfter(nc, 'PC-OURS', {
      log: agent.log,
      died: agent.died,
      start: () => chmodSync(agent.config, 0o644),
    });
    expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  },
);

test('a data directory below a file is shown as a store that can not be written, not the end', async () => {
  const directory = tempDir();
  const server = await startNatsServer();
  const nc = await operator(server);
  writeFileSync(join(directory, 'kanade-tray'), 'a file where a folder should be');
  const agent = new AgentRun({ toml: settings(server), dataDirectory: directory });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(agent.stdout).toContain('the store can not be written');
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});
