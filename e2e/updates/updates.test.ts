/** A PC that brings itself to the version that IT wants, and back from one that does not start. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeCurrent } from '../../src/base/current-version.ts';
import { sleep } from '../../src/base/sleep.ts';
import { connectAgent } from '../../test/support/agent-client.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { deadShare, noMountsHere, noSharesHere, smallDisk } from '../../test/support/mounts.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { type InstallationOptions, InstalledAgent, MINE, startOnAir } from './installation.ts';

async function world(options: InstallationOptions = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new InstalledAgent(server, options);
  return { server, nc, agent, heard: await startOnAir(agent, nc) };
}

/** Asked at a rate that a client is allowed. */
async function viewOf(agent: InstalledAgent) {
  await sleep(100);
  const client = await connectAgent({ dataDirectory: agent.data });
  try {
    return await client.call('update.get', {});
  } finally {
    client.close();
  }
}

test('a signed version is fetched, tried, and counts once it was on the air; a script that runs ends first', async () => {
  const { nc, agent, heard } = await world();
  const go = join(agent.data, 'go');
  const slow = await publishCommand(
    nc,
    MINE,
    command({ script: `touch ${go}.began; until [ -e ${go} ]; do sleep 0.05; done; echo slow` }),
  );
  await eventually(() => expect(existsSync(`${go}.began`)).toBe(true));
  await agent.offer(nc, '1.0.1');
  await eventually(async () => {
    expect(await viewOf(agent)).toMatchObject({ state: 'verified', wanted: '1.0.1', taking: { waitsFor: 'tasks' } });
  });
  // Comes in while the update waits for the first one: it waits, and is lost nowhere.
  const second = await publishCommand(nc, MINE, command({ script: 'echo second' }));
  expect(agent.current).toEqual({ version: '1.0.0' });
  writeFileSync(go, '');
  expect(await waitForResult(nc, slow)).toMatchObject({ exit_code: 0, stdout: 'slow\n' });
  await agent.settled('1.0.1');
  expect(await waitForResult(nc, second)).toMatchObject({ exit_code: 0, stdout: 'second\n' });
  expect(heard).toEqual(['1.0.0', '1.0.1']);
  expect(agent.exits).toEqual([64]);
  expect(agent.versions).toEqual(['1.0.0', '1.0.1']);
  await eventually(() => expect(existsSync(join(agent.data, 'kanade-tray', 'staging'))).toBe(false));
  const view = await viewOf(agent);
  expect(view).toMatchObject({ state: 'none', installed: '1.0.1' });
  expect(view.undone).toBeUndefined();
  await agent.end('SIGTERM');
  expect(existsSync(join(agent.root, 'private', 'starts'))).toBe(false);
});

test('a version that does not start is taken back after three starts, and comes again only under a higher number', async () => {
  const { nc, agent, heard } = await world();
  // Its self-test passes, and no start does.
  const bad = (directory: string) => {
    const main = join(directory, 'agent', 'main.js');
    renameSync(main, join(directory, 'agent', 'real.js'));
    writeFileSync(main, `if (!process.argv.includes('--self-test')) process.exit(70);\nrequire('./real.js');\n`);
  };
  await agent.offer(nc, '1.0.1', {}, bad);
  await eventually(async () => {
    expect(agent.exits).toEqual([64, 70, 70, 70]);
    const view = await viewOf(agent);
    expect(view).toMatchObject({ state: 'rolled_back', installed: '1.0.0', wanted: '1.0.1' });
    expect(view.undone).toMatchObject({ version: '1.0.1', why: 'did_not_start' });
  }, 60_000);
  await agent.settled('1.0.0');
  const id = await publishCommand(nc, MINE, command({ script: 'echo still' }));
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0, stdout: 'still\n' });
  expect(agent.versions).toEqual(['1.0.0']);
  // After another start it is known as well.
  await agent.end('SIGTERM');
  agent.start();
  await eventually(async () => expect(await viewOf(agent)).toMatchObject({ state: 'rolled_back' }));
  expect(agent.versions).toEqual(['1.0.0']);
  // The same version, whole and signed again.
  await agent.offer(nc, '1.0.1');
  // Looked for at each connect, and every five minutes.
  await agent.end('SIGTERM');
  agent.start();
  await agent.settled('1.0.1');
  expect(heard.at(-1)).toBe('1.0.1');
}, 120_000);

test('stopped while it waits for its settings: no start that has failed', async () => {
  const agent = new InstalledAgent(await startNatsServer(), { args: ['--tray'] });
  const trial = { before: '0.9.0', serial: 7, manifest: '7'.repeat(64) };
  writeCurrent(agent.currentFile, { version: '1.0.0', trial });
  writeFileSync(agent.config, '[agent\n');
  agent.start();
  const client = await agent.connect();
  expect(agent.said).toContain('the settings can not be used');
  const starts = join(agent.root, 'private', 'starts');
  expect(readFileSync(starts, 'utf8')).toBe('.');
  client.close();
  await agent.end('SIGTERM');
  expect(agent.exits).toEqual([0]);
  expect(existsSync(starts)).toBe(false);
  expect(agent.current).toEqual({ version: '1.0.0', trial });
});

test('stopped before it listens for that, while its settings lie on a share that is away: no start that has failed', async (context) => {
  const noShares = noSharesHere();
  if (noShares !== null) return context.skip(noShares);
  const args = ['--config', join(deadShare().path, 'agent.toml')];
  const agent = new InstalledAgent(await startNatsServer(), { args });
  writeCurrent(agent.currentFile, {
    version: '1.0.0',
    trial: { before: '0.9.0', serial: 7, manifest: '7'.repeat(64) },
  });
  agent.start();
  const starts = join(agent.root, 'private', 'starts');
  await eventually(() => expect(agent.said).toContain('waiting for the settings file'));
  expect(readFileSync(starts, 'utf8')).toBe('.');
  await agent.end('SIGTERM');
  expect(agent.exits).toEqual(['SIGTERM']);
  expect(existsSync(starts)).toBe(false);
});

test('what was signed and is none that could work here is not even placed', async () => {
  const { nc, agent } = await world();
  await agent.publish(nc, '1.0.1', Buffer.from('no archive'.repeat(1_000)));
  await agent.want(nc, '1.0.1');
  const undone = (version: string, why: string) =>
    eventually(async () => {
      const view = await viewOf(agent);
      expect(view).toMatchObject({ state: 'rolled_back', wanted: version });
      expect(view.undone).toMatchObject({ version, why });
    });
  await undone('1.0.1', 'package');
  // It holds another version than the manifest says.
  const other = (directory: string) => {
    writeFileSync(join(directory, 'agent', 'main.js'), `console.log('{"version":"9.9.9","schema":1,"min_reader":1}')`);
  };
  await agent.offer(nc, '1.0.2', {}, other);
  await undone('1.0.2', 'package');
  // Its store could not be read by the version that would come back.
  const future = (directory: string) => {
    writeFileSync(
      join(directory, 'agent', 'main.js'),
      `console.log('{"version":"1.0.3","schema":99,"min_reader":99}')`,
    );
  };
  await agent.offer(nc, '1.0.3', {}, future);
  await undone('1.0.3', 'store');
  expect(agent.versions).toEqual(['1.0.0']);
  expect(readdirSync(join(agent.root, 'private'))).toEqual(['current.json']);
  expect(agent.exits).toEqual([]);
});

test.skipIf(noMountsHere() !== null)('with too little room it waits, and takes none from the commands', async () => {
  // Enough for the store and what it holds back, and not for an update besides.
  const disk = smallDisk(60);
  const { nc, agent } = await world({ data: disk.path });
  await agent.offer(nc, '1.0.1');
  await eventually(async () => {
    const view = await viewOf(agent);
    expect(view).toMatchObject({ state: 'waiting', taking: { waitsFor: 'room', doneBytes: 0 } });
  });
  const id = await publishCommand(nc, MINE, command({ script: 'echo room' }));
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0, stdout: 'room\n' });
  disk.resize(200);
  // The next try is in a minute, or with the next start.
  await agent.end('SIGTERM');
  agent.start();
  await agent.settled('1.0.1');
});

test('where IT has switched it off, or nobody has said whose keys count, nothing is fetched', async () => {
  const { nc, agent } = await world({ toml: 'enabled = false\n' });
  await agent.offer(nc, '1.0.1');
  await eventually(async () => {
    const view = await viewOf(agent);
    expect(view).toMatchObject({ state: 'available', wanted: '1.0.1' });
    expect(view.taking).toBeUndefined();
  });
  expect(agent.versions).toEqual(['1.0.0']);
  expect(existsSync(join(agent.data, 'kanade-tray', 'staging'))).toBe(false);
});

test('back to an older version only where that is signed', async () => {
  const { nc, agent, heard } = await world({ version: '1.1.0' });
  await agent.offer(nc, '1.0.0');
  await eventually(async () => {
    expect(await viewOf(agent)).toMatchObject({ state: 'refused', reason: 'downgrade', wanted: '1.0.0' });
  });
  await agent.offer(nc, '1.0.0', { allow_downgrade: true });
  // The next look is in five minutes, or with the next start.
  await agent.end('SIGTERM');
  agent.start();
  await agent.settled('1.0.0');
  await eventually(() => expect(heard).toEqual(['1.1.0', '1.0.0']));
});
