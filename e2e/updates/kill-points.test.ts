/** SIGKILL at any step of an update: a version runs afterwards, the update is taken in the end, and every command has its one result. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { InstalledAgent, MINE, startOnAir } from './installation.ts';

/** What the version before passes, in this order; see `kill-points.ts`. */
const BEFORE = [
  'package begun',
  'second piece',
  'before place noted',
  'after place noted',
  'before staged made',
  'after staged made',
  'before file made',
  'after file made',
  'onto the disk',
  'before self-test',
  'after self-test',
  'before version placed',
  'after version placed',
  'before starts forgotten',
  'before current written',
  'after current written',
] as const;
/** What the new one passes. */
const AFTER = ['start', 'before current written', 'after current written'] as const;

test(`killed at ${BEFORE.length + AFTER.length} points, a version runs afterwards`, async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new InstalledAgent(server);
  const heard = await startOnAir(agent, nc);
  expect(heard).toEqual(['1.0.0']);
  const ran = join(agent.data, 'ran');
  const wrong: unknown[] = [];
  let patch = 0;
  const killAt = async (point: string, isNew: boolean, ends: readonly unknown[]) => {
    const [old, version] = [`1.0.${patch}`, `1.0.${patch + 1}`];
    patch += 1;
    agent.exits.length = 0;
    writeFileSync(agent.killFile, `${isNew ? version : old} ${point}`);
    await agent.offer(nc, version);
    const id = await publishCommand(nc, MINE, command({ script: `echo ${version} >> ${ran}` }));
    // The end of a process is told a moment after what it wrote.
    const isEnd = await eventually(() => expect(agent.exits).toEqual(ends)).then(
      () => true,
      () => false,
    );
    await agent.settled(version);
    await eventually(() => expect(heard.at(-1)).toBe(version));
    const { exit_code: code } = await waitForResult(nc, id);
    const times = linesOf(ran).filter((line) => line === version).length;
    const isOnce = code === 0 ? times === 1 : code === 121 && times <= 1;
    if (agent.killIsLeft || !isEnd || !isOnce) wrong.push({ point, isNew, exits: [...agent.exits], code, times });
  };
  // Once the other version counts, nobody asks for another switch.
  for (const point of BEFORE)
    await killAt(point, false, point === 'after current written' ? ['SIGKILL'] : ['SIGKILL', 64]);
  for (const point of AFTER) await killAt(point, true, [64, 'SIGKILL']);
  expect(wrong).toEqual([]);
  await eventually(() => expect(agent.versions).toEqual([`1.0.${patch - 1}`, `1.0.${patch}`].sort()));
}, 400_000);

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}
