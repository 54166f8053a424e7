/** What an earlier process, an older copy or a removed consumer leaves: each command still ends in its one true result. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  api,
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { noMountsHere, smallDisk } from '../../test/support/mounts.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { appends, appendsPid } from '../../test/support/scripts.ts';

const MINE = 'commands.pc.PC-OURS';
const CONSUMER = 'EXEC.agent_replay_PC-OURS';
const noMounts = noMountsHere();

async function world(options: { dataDirectory?: string; more?: string } = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const { dataDirectory, more = '' } = options;
  const toml = `${settings(server)}\n${more}\n`;
  const agent = new AgentRun({ toml, ...(dataDirectory === undefined ? {} : { dataDirectory }) });
  const own = join(agent.dataDirectory, 'kanade-tray');
  return { server, nc, agent, own };
}

/** Sends a script that never ends by itself; resolves once it runs. */
async function running(nc: NatsConnection, agent: AgentRun): Promise<{ id: string; pid: number }> {
  const file = join(agent.directory, 'pid');
  const id = await publishCommand(nc, MINE, command({ script: `${appendsPid(file)}; sleep 600`, timeout_secs: 600 }));
  const pid = await eventually(() => {
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    expect(text).not.toBe('');
    return Number(text.split('\n').at(-1));
  });
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { id, pid };
}

test('a start on a full disk ends what an earlier process left at once, and answers it when there is room', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(80);
  const { nc, agent } = await world({ dataDirectory: disk.path });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const { id, pid } = await running(nc, agent);
  await agent.end('SIGKILL');
  expect(isAlive(pid)).toBe(true);
  // Nothing is left, not even the reserve.
  rmSync(join(disk.path, 'kanade-tray', 'reserve'), { force: true });
  const fill = join(disk.path, 'fill');
  expect(() => writeFileSync(fill, Buffer.alloc(200 * 1024 * 1024, 1))).toThrow('ENOSPC');
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await eventually(() => expect(isAlive(pid)).toBe(false));
  rmSync(fill);
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 121 });
  const next = await publishCommand(nc, MINE, command());
  expect(await waitForResult(nc, next)).toMatchObject({ exit_code: 0 });
}, 90_000);

test('an older copy that was put back runs nothing of what is open in it, however often it was opened before', async () => {
  const { nc, agent, own } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const ran = join(agent.directory, 'ran');
  const script = appends(ran, 'x');
  const id = await publishCommand(nc, MINE, command({ script, jitter_secs: 6, request_id: 'waits' }));
  // The result of one that came after it: it is in the store.
  await waitForResult(nc, await publishCommand(nc, MINE, command()));
  await agent.end('SIGTERM');
  // Its jitter may have been drawn as none; a copy of a store in which it has ended shows nothing.
  if (existsSync(ran)) return;
  const copy = join(agent.directory, 'copy.db');
  cpSync(join(own, 'store.db'), copy);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  await agent.end('SIGTERM');
  cpSync(copy, join(own, 'store.db'));
  // The first to open it is killed before it could act on it.
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await agent.end('SIGKILL');
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await eventually(() => expect(agent.stdout).toMatch(/a command ended.*request_id=waits.*INTERRUPTED/));
  // Under the one id that it has had since its admission: the stream knows it already.
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
  expect(readFileSync(ran, 'utf8')).toBe('x\n');
}, 90_000);

test('a PC that was put back to a snapshot, store and boot counter together, is told by the consumer and runs nothing twice', async () => {
  const { nc, agent, own } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const ran = join(agent.directory, 'ran');
  // One place, taken for long: the next command waits in the store.
  const { id: first } = await running(nc, agent);
  const waits = await publishCommand(
    nc,
    MINE,
    command({ script: appends(ran, 'x'), run_as: 'system', jitter_secs: 3_000_000, request_id: 'waits' }),
  );
  // A ping is answered after the command was looked at: one connection, in order.
  await nc.request('agents.PC-OURS.ping', '', { timeout: 10_000 });
  await agent.end('SIGTERM');
  expect(await waitForResult(nc, first)).toMatchObject({ exit_code: -1 });
  const snapshot = join(agent.directory, 'snapshot');
  cpSync(own, snapshot, { recursive: true, filter: (path) => !path.includes('ipc') });
  // Life goes on after the snapshot: it starts and is connected again.
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, await publishCommand(nc, MINE, command()))).toMatchObject({ exit_code: 0 });
  await agent.end('SIGTERM');
  rmSync(own, { recursive: true });
  cpSync(snapshot, own, { recursive: true });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, waits)).toMatchObject({ exit_code: 121 });
  expect(existsSync(ran)).toBe(false);
}, 90_000);

test('a PC that was enrolled long ago is not new because its consumer was removed: what was sent meanwhile is run', async () => {
  const { nc, agent } = await world({ more: '[replay]\nfirst_enrolment = "skip"' });
  // Older than the enrolment: skipped.
  const before = await publishCommand(nc, 'commands.all', command({ request_id: 'before' }));
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const known = await publishCommand(nc, MINE, command({ request_id: 'known' }));
  expect(await waitForResult(nc, known)).toMatchObject({ exit_code: 0 });
  expect(await countStored(nc, 'RESULTS', `results.${before}`)).toBe(0);
  await agent.end('SIGTERM');
  await api(nc, `CONSUMER.DELETE.${CONSUMER}`);
  const missed = await publishCommand(nc, MINE, command({ request_id: 'missed' }));
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, missed)).toMatchObject({ exit_code: 0 });
  expect(await countStored(nc, 'RESULTS', `results.${known}`)).toBe(1);
}, 90_000);

test('a damaged store: each command that was known still gets its one result, and none runs twice', async () => {
  const { nc, agent, own } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const ran = join(agent.directory, 'ran');
  const done = await publishCommand(nc, MINE, command({ script: appends(ran, 'x'), request_id: 'done' }));
  await waitForResult(nc, done);
  const { id } = await running(nc, agent);
  await agent.end('SIGKILL');
  // The file is set aside at the next start, whatever else is wrong with it; its rows can be read.
  writeFileSync(join(own, 'store-is-damaged'), 'outputs: a page can not be read\n');
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 121 });
  // The consumer is made again, and brings the newest command again: it is known.
  await agent.end('SIGTERM');
  await api(nc, `CONSUMER.DELETE.${CONSUMER}`);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const next = await publishCommand(nc, MINE, command());
  expect(await waitForResult(nc, next)).toMatchObject({ exit_code: 0 });
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
  expect(readFileSync(ran, 'utf8')).toBe('x\n');
}, 90_000);

test('a kill of a dotted execution is heard after a restart', async () => {
  const { nc, agent } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const id = await publishCommand(nc, MINE, command({ exec_id: 'wave.1', jitter_secs: 3_000_000 }));
  // It is in the store: what the broker hands out in the moment of a stop comes again after 30 s only.
  await eventually(async () => {
    expect(await api(nc, `CONSUMER.INFO.${CONSUMER}`)).toMatchObject({ ack_floor: { stream_seq: 1 } });
  });
  await agent.end('SIGTERM');
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await eventually(async () => {
    nc.publish('kill.wave.1');
    await nc.flush();
    expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
  });
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: -1, stderr: expect.stringContaining('kill.wave.1') });
}, 90_000);
