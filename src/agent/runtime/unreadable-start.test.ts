/** Starts on a store that was opened, and of which the disk then does not give some pages, or none. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import {
  api,
  command,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../../test/support/fleet.ts';
import { type NatsServer, startNatsServer } from '../../../test/support/nats-server.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type Unreadable, unreadable } from '../../../test/support/unreadable.ts';
import { openLog } from '../../base/log-file.ts';
import { openTheStore } from '../boot/opened-store.ts';
import { loadTrusted } from '../config/load.ts';
import { startRuntime } from './runtime.ts';

const PC = 'PC-1';
const PROGRAM = join(import.meta.dirname, '../../..');

/** An agent, from the opening of its store on; the disk gives no page of these from then on. Ends with the test. */
async function started(server: NatsServer, pages: RegExp): Promise<Unreadable> {
  const directory = tempDir();
  const configPath = join(directory, 'agent.toml');
  mkdirSync(join(directory, 'data'));
  writeFileSync(
    configPath,
    `[agent]\nid = "${PC}"\nnats_url = "${server.url}"\n[log]\npath = "${join(directory, 'agent.log').replaceAll('\\', '/')}"\nlevel = "info"\nkeep_days = 1\n`,
  );
  const loaded = loadTrusted(
    {
      configPath,
      env: { ...process.env, KANADE_AGENT_DATA_DIR: join(directory, 'data') },
      platform: process.platform,
      cwd: directory,
      startedAs: 'headless',
    },
    PROGRAM,
    true,
  );
  if (!loaded.ok) throw new Error(loaded.message);
  const { config } = loaded;
  const log = await openLog({
    pathTemplate: config.log.path,
    level: config.log.level,
    keepDays: 1,
    format: 'text',
    stdout: null,
  });
  onTestFinished(() => log.close());
  const disk = unreadable(pages);
  disk.away = false;
  const opened = openTheStore(config, log.logger);
  if (opened === 'in_use' || !opened.usable) throw new Error('the store is not open');
  disk.away = true;
  const runtime = await startRuntime({
    config,
    ...opened,
    kills: [],
    version: '1.0.0',
    program: { installed: { by: 'others' }, args: [], failedSwitches: 0 },
    log,
    hostSecret: null,
  });
  onTestFinished(async () => {
    disk.away = false;
    runtime.restart();
    await runtime.stopped;
  });
  return disk;
}

async function fleet(): Promise<{ server: NatsServer; nc: NatsConnection }> {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, 'agent_groups', PC, JSON.stringify({ groups: ['g'] }));
  return { server, nc };
}

const DERIVED = { name: 'KV_agent_groups_derived', subjects: ['$KV.agent_groups_derived.>'], max_msgs_per_subject: 1 };

test('what was known of the broker and is not given any more is asked of the broker', async () => {
  const { server, nc } = await fleet();
  await api(nc, `STREAM.CREATE.${DERIVED.name}`, DERIVED);
  const disk = await started(server, /FROM kv_mirror/);
  const sent = await publishCommand(nc, 'commands.group.g', command());
  expect(await waitForResult(nc, sent)).toMatchObject({ exit_code: 0 });
  expect(disk.errors).toBeGreaterThan(0);
});

test('groups that only the store knows, and which it does not give, are waited for: no command is passed over', async () => {
  const { server, nc } = await fleet();
  const disk = await started(server, /FROM kv_mirror/);
  const sent = await publishCommand(nc, 'commands.group.g', command());
  // The bucket of the derived ones is missing, and what was known of it is asked for again and again.
  const before = disk.errors;
  await eventually(() => expect(disk.errors).toBeGreaterThan(before + 2));
  disk.away = false;
  expect(await waitForResult(nc, sent)).toMatchObject({ exit_code: 0 });
});

test('a disk that gives nothing at all ends no start, and what has come meanwhile is done when it is back', async () => {
  const { server, nc } = await fleet();
  const sent = await publishCommand(nc, `commands.pc.${PC}`, command());
  const beats = nc.subscribe(`heartbeat.${PC}`, { max: 1 });
  const disk = await started(server, /./);
  for await (const _ of beats) break;
  const before = disk.errors;
  await eventually(() => expect(disk.errors).toBeGreaterThan(before));
  disk.away = false;
  expect(await waitForResult(nc, sent)).toMatchObject({ exit_code: 0 });
});
