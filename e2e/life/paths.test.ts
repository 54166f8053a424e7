/**
 * Paths of the settings that are of no use: each is named in a sentence, none takes the agent with it, and what can work works.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { withoutKanade } from '../../scripts/lib/agent-process.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, operator, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { deadShare, noSharesHere } from '../../test/support/mounts.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { tempDir } from '../../test/support/temp.ts';

const MAIN = new URL('../../dist/agent/main.js', import.meta.url).pathname;
const NOWHERE = { url: 'nats://127.0.0.1:1' };
const noShares = noSharesHere();

function withLog(server: { readonly url: string }, path: string): string {
  return settings(server).replace('path = "agent.log"', `path = ${JSON.stringify(path)}`);
}

test('a log where no directory can be made is named, and the agent works with standard output', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: withLog(server, '/proc/kanade/log/agent.log') });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(agent.stdout).toMatch(/the log file can not be written path=\/proc\/kanade\/log\S* why=.*ENOENT/);
  expect(await waitForResult(nc, await publishCommand(nc, 'commands.pc.PC-OURS', command()))).toMatchObject({
    exit_code: 0,
  });
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a data directory that can not be made is shown as a store that can not be written', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const agent = new AgentRun({ toml: settings(server), dataDirectory: '/proc/kanade/data', makesData: false });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(agent.stdout).toMatch(/the store can not be written .*\/proc\/kanade/);
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a log on a share that does not answer is named, and the agent works and ends without it', async (context) => {
  if (noShares !== null) return context.skip(noShares);
  const share = deadShare();
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: withLog(server, join(share.path, 'agent.log')) });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(agent.stdout).toMatch(/the log file can not be written .*it does not answer/);
  expect(await waitForResult(nc, await publishCommand(nc, 'commands.pc.PC-OURS', command()))).toMatchObject({
    exit_code: 0,
  });
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a data directory on a share that does not answer is named while it is waited for, and a stop ends the wait', async (context) => {
  if (noShares !== null) return context.skip(noShares);
  const share = deadShare();
  const agent = new AgentRun({ toml: settings(NOWHERE), dataDirectory: join(share.path, 'data'), makesData: false });
  agent.start();
  await eventually(() =>
    expect(agent.stdout).toMatch(/waiting for the data directory, which does not answer path=\S+/),
  );
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('settings on a share that does not answer are named, and ended with by a signal', async (context) => {
  if (noShares !== null) return context.skip(noShares);
  const agent = new AgentRun({ toml: null, args: ['--config', join(deadShare().path, 'agent.toml')] });
  agent.start();
  await eventually(() => expect(agent.stderr).toMatch(/^waiting for the settings file \S+, which does not answer\n$/));
  expect(await agent.end('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
});

test.skipIf(noShares !== null).each([
  ['commands.keys_file', '[commands]\nsignatures = "require"\nkeys_file', 'stdout'],
  ['update.keys_file', '[update]\nkeys_file', 'stdout'],
  ['helpdesk.code_hash_file', '[helpdesk]\ncode_hash_file', 'stderr'],
] as const)(
  'a file of %s on a share that does not answer is named while it is waited for',
  async (_key, named, out) => {
    const path = join(deadShare().path, 'file');
    const agent = new AgentRun({ toml: `${settings(NOWHERE)}${named} = ${JSON.stringify(path)}\n` });
    agent.start();
    await eventually(() => expect(agent[out]).toMatch(/^.*waiting for the file .*, which does not answer/m));
    const ended = await agent.end('SIGTERM');
    expect(ended).toEqual(out === 'stdout' ? { code: 0, signal: null } : { code: null, signal: 'SIGTERM' });
  },
);

test('settings that are a loop of links are a state that a service shows, until they can be read', async () => {
  const agent = new AgentRun({ toml: null, args: ['--service'] });
  symlinkSync(agent.config, agent.config);
  agent.start();
  const client = await agent.connect();
  const problems = async () => (await client.call('state.snapshot', {})).agent.faults.list?.map(({ key }) => key);
  await eventually(async () => expect(await problems()).toEqual(['file']));
  rmSync(agent.config);
  writeFileSync(agent.config, '[agent]\nid = 5\n');
  await eventually(async () => expect(await problems()).toContain('agent.id'));
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

/** The agent in a working directory that somebody has deleted. */
async function started(config: string, data: string) {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"';
  const env = { ...withoutKanade(process.env), KANADE_AGENT_DATA_DIR: data };
  const args = ['-c', script, findNode24(), MAIN, '--config', config];
  const child = spawn('sh', args, { cwd: tempDir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said.text += String(text);
    });
  }
  return { child, said, closed: once(child, 'close') };
}

test.skipIf(process.platform === 'win32')(
  'a working directory that is gone is needed for relative paths only',
  async () => {
    const directory = tempDir();
    const config = join(directory, 'agent.toml');
    mkdirSync(join(directory, 'data'));

    writeFileSync(config, settings(NOWHERE));
    const relative = await started(config, join(directory, 'data'));
    expect(await relative.closed).toEqual([1, null]);
    expect(relative.said.text).toMatch(/^[^\n]*log\.path[^\n]*started in is gone[^\n]*\n$/);

    const data = await started(config, 'data');
    expect(await data.closed).toEqual([1, null]);
    expect(data.said.text).toMatch(/^KANADE_AGENT_DATA_DIR is "data"[^\n]* is gone\n$/);

    writeFileSync(config, withLog(NOWHERE, join(directory, 'logs', 'agent.log')));
    const works = await started(config, join(directory, 'data'));
    await eventually(() => expect(statSync(join(directory, 'data', 'kanade-tray', 'ipc')).isDirectory()).toBe(true));
    works.child.kill('SIGTERM');
    expect(await works.closed).toEqual([0, null]);
  },
);
