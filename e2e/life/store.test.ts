/** A store that is damaged, from the future, unwritable or full: the agent is up, says so, and loses nothing (architecture §6). */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { info } from '../../test/support/bus.ts';
import { damagePage } from '../../test/support/damaged-store.ts';
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
import { noMountsHere, readOnly, smallDisk } from '../../test/support/mounts.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { appends, saysMany } from '../../test/support/scripts.ts';

const MINE = 'commands.pc.PC-OURS';
const DURABLE = 'agent_replay_PC-OURS';
const MIB = 1024 * 1024;
const noMounts = noMountsHere();
/** Longer than any look for room, or for an acknowledgement. */
const ROOM_AGAIN_MS = 60_000;

async function world(dataDirectory?: string) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const options = dataDirectory === undefined ? {} : { dataDirectory };
  const agent = new AgentRun({ toml: settings(server), ...options });
  const own = join(agent.dataDirectory, 'kanade-tray');
  return { server, nc, agent, own, file: join(own, 'store.db') };
}

async function storeState(agent: AgentRun) {
  const client = await agent.connect();
  const { store, agent: state } = await client.call('state.snapshot', {});
  client.close();
  return { store: store.state, agent: state.state };
}

/** What is not acknowledged is brought again after a second instead of the agent's 30 s. */
async function bringAgainSoon(nc: NatsConnection): Promise<void> {
  const { config } = await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`);
  const soon = { stream_name: 'EXEC', config: { ...config, ack_wait: 1_000_000_000 } };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, soon);
}

/** The agent is seen by the fleet, has the command in its hands, and neither runs nor acknowledges it. */
async function heldBack(nc: NatsConnection, agent: AgentRun): Promise<string> {
  await eventually(async () => {
    expect((await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).num_waiting).toBeGreaterThan(0);
  });
  const id = await publishCommand(nc, MINE, command({ script: appends(join(agent.directory, 'ran'), 'ran') }));
  await eventually(async () => {
    expect((await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).num_ack_pending).toBe(1);
  });
  // A ping is answered after the command was looked at: one connection, in order.
  await nc.request('agents.PC-OURS.ping', '', { timeout: 10_000 });
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(0);
  return id;
}

async function ranOnce(nc: NatsConnection, agent: AgentRun, id: string): Promise<void> {
  expect(await waitForResult(nc, id, { timeoutMs: ROOM_AGAIN_MS })).toMatchObject({ exit_code: 0 });
  expect(readFileSync(join(agent.directory, 'ran'), 'utf8')).toBe('ran\n');
  await eventually(async () => {
    expect((await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).num_ack_pending).toBe(0);
  });
}

test('a damaged store is put aside whole and a new one begun, and that is shown', async () => {
  const { nc, agent, own, file } = await world();
  mkdirSync(own, { recursive: true });
  const damaged = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8_000, 0x5a)]);
  writeFileSync(file, damaged);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await storeState(agent)).toEqual({ store: 'quarantined', agent: 'running' });
  const id = await publishCommand(nc, MINE, command());
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  const aside = readdirSync(own).filter((name) => /^store\.db\.damaged-[\dTZ-]+$/.test(name));
  expect(aside).toHaveLength(1);
  expect(readFileSync(join(own, aside[0] ?? ''))).toEqual(damaged);
  expect(agent.stdout).toContain(aside[0]);
});

test('a store damaged in its middle after a crash is put aside at the start, not used', async () => {
  const { nc, agent, own, file } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  for (let sent = 0; sent < 20; sent++) {
    await waitForResult(nc, await publishCommand(nc, MINE, command({ script: saysMany(20_000) })));
  }
  await agent.end('SIGTERM');
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 4096);
  writeFileSync(file, bytes);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect((await storeState(agent)).store).toBe('quarantined');
  expect(
    readdirSync(own).filter((name) => name.startsWith('store.db.damaged-') && !name.includes('-wal')),
  ).toHaveLength(1);
  const id = await publishCommand(nc, MINE, command());
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
});

test.each(['runs_received', 'counters', 'ledger'])(
  'damage in %s that shows only after the start: what was open has its one result, and the agent goes on in a new store',
  async (what) => {
    const { nc, agent, own } = await world();
    await heartbeatAfter(nc, 'PC-OURS', agent);
    const waits = await publishCommand(nc, MINE, command({ jitter_secs: 100_000 }));
    await eventually(async () => {
      const { delivered, num_ack_pending } = await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`);
      expect([delivered.stream_seq > 0, num_ack_pending]).toEqual([true, 0]);
    });
    await agent.end('SIGTERM');
    damagePage(own, what);
    await heartbeatAfter(nc, 'PC-OURS', agent);
    await bringAgainSoon(nc);
    // It meets the damage, if nobody has before.
    const first = await publishCommand(nc, MINE, command());
    for (const id of [waits, first]) await waitForResult(nc, id, { timeoutMs: ROOM_AGAIN_MS });
    const id = await publishCommand(nc, MINE, command({ script: appends(join(agent.directory, 'ran'), 'ran') }));
    await ranOnce(nc, agent, id);
    expect(await storeState(agent)).toEqual({ store: 'quarantined', agent: 'running' });
    expect(await waitForResult(nc, waits)).toMatchObject({ exit_code: 121 });
    for (const each of [waits, first, id]) expect(await countStored(nc, 'RESULTS', `results.${each}`)).toBe(1);
  },
  90_000,
);

test('a store of a newer release is not touched; the agent is up, runs nothing, and goes on when it is gone', async () => {
  const { nc, agent, own, file } = await world();
  mkdirSync(own, { recursive: true });
  const db = new Database(file);
  db.exec('CREATE TABLE later (x)');
  db.pragma('user_version=9999');
  db.close();
  const before = readFileSync(file);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect((await storeState(agent)).store).toBe('future');
  const client = await agent.connect();
  expect((await client.call('state.snapshot', {})).store.readable).toBe(false);
  const id = await heldBack(nc, agent);
  expect(readFileSync(file)).toEqual(before);
  rmSync(file);
  await ranOnce(nc, agent, id);
  expect((await storeState(agent)).store).toBe('ok');
}, 90_000);

test('a store that can not be written is shown; heartbeats go on, and commands are run once it can', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const { nc, agent, file } = await world();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await agent.end('SIGTERM');
  const writable = readOnly(file);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect((await storeState(agent)).store).toBe('read_only');
  const id = await heldBack(nc, agent);
  writable();
  await ranOnce(nc, agent, id);
  expect(await storeState(agent)).toEqual({ store: 'ok', agent: 'running' });
}, 90_000);

test('on a disk without room nothing is taken in; the agent is up, says so, and runs it once there is room', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(20);
  const { nc, agent } = await world(disk.path);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await eventually(async () => expect(await storeState(agent)).toEqual({ store: 'full', agent: 'running' }));
  const client = await agent.connect();
  const room = async () => (await client.call('state.snapshot', {})).disk;
  const before = await room();
  expect(before.ok).toBe(false);
  expect((before.freeBytes ?? 0) + (before.neededBytes ?? 0)).toBe(32 * MIB + 1);
  disk.resize(24);
  await eventually(async () => {
    const { freeBytes, neededBytes } = await room();
    expect(freeBytes).toBeGreaterThan((before.freeBytes ?? 0) + 3 * MIB);
    expect((freeBytes ?? 0) + (neededBytes ?? 0)).toBe(32 * MIB + 1);
  }, 5_000);
  const id = await heldBack(nc, agent);
  disk.resize(200);
  await ranOnce(nc, agent, id);
  expect((await storeState(agent)).store).toBe('ok');
}, 120_000);

test('a disk that fills while a script runs takes its result from the reserve, and nothing more until there is room', async (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(80);
  const { nc, agent } = await world(disk.path);
  await heartbeatAfter(nc, 'PC-OURS', agent);
  await eventually(() => expect(readdirSync(join(disk.path, 'kanade-tray'))).toContain('reserve'));
  const fill = join(disk.path, 'fill');
  onTestFinished(() => rmSync(fill, { force: true }));
  const script = `cat /dev/zero > ${fill}; head -c 6000000 /dev/zero | tr '\\0' x`;
  const id = await publishCommand(nc, MINE, command({ script }));
  const result = await waitForResult(nc, id);
  expect(result.exit_code).toBe(0);
  expect(result.stdout).toMatch(/^x+/);
  await eventually(async () => expect((await storeState(agent)).store).toBe('full'));
  const held = await heldBack(nc, agent);
  rmSync(fill);
  await ranOnce(nc, agent, held);
}, 120_000);
