/** One update after the other while commands keep coming: none is lost, none runs twice. `KANADE_TRAY_CYCLES=100` for more of them. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { sleep } from '../../src/base/sleep.ts';
import { eventually } from '../../test/support/eventually.ts';
import { api, command, countStored, provisionedOperator, publishCommand, STREAMS } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { InstalledAgent, MINE, startOnAir } from './installation.ts';

const CYCLES = Number(process.env.KANADE_TRAY_CYCLES ?? 5);
const BETWEEN_MS = 100;
/** What has come in while the agent was on its way to another version is still to be run. */
const ALL_ENDED_MS = 60_000 + CYCLES * 3_000;

test(
  `${CYCLES} updates under load: one result each, each script once`,
  async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    // The fleet's stream keeps one command of a subject; here none may be lost before it has reached the agent.
    const exec = STREAMS.find(({ name }) => name === 'EXEC');
    await api(nc, 'STREAM.UPDATE.EXEC', { ...exec, num_replicas: 1, max_msgs_per_subject: -1 });
    const agent = new InstalledAgent(server);
    const heard = await startOnAir(agent, nc);
    expect(heard).toEqual(['1.0.0']);
    const ran = join(agent.data, 'ran');
    const sent: string[] = [];
    let goesOn = true;
    const load = (async () => {
      for (let n = 0; goesOn; n++) {
        const id = randomUUID();
        const script = `echo ${id} >> ${ran}; sleep ${n % 10 === 0 ? 1 : 0.02}`;
        sent.push(await publishCommand(nc, MINE, command({ request_id: id, script })));
        await sleep(BETWEEN_MS);
      }
    })();
    for (let patch = 1; patch <= CYCLES; patch++) {
      await agent.offer(nc, `1.0.${patch}`);
      await agent.settled(`1.0.${patch}`);
    }
    goesOn = false;
    await load;
    await eventually(async () => {
      expect(await countStored(nc, 'RESULTS', 'results.>')).toBeGreaterThanOrEqual(sent.length);
    }, ALL_ENDED_MS);
    expect(heard.at(-1)).toBe(`1.0.${CYCLES}`);
    // No start but those of the updates.
    expect(agent.exits).toEqual(Array(CYCLES).fill(64));
    expect(sent.length).toBeGreaterThan(CYCLES);
    const codes = await resultCodes(nc);
    const runs = Map.groupBy(readFileSync(ran, 'utf8').trim().split('\n'), (id) => id);
    const wrong = sent.filter((id) => codes.get(id)?.join() !== '0' || runs.get(id)?.length !== 1);
    expect(wrong.map((id) => ({ id, codes: codes.get(id), runs: runs.get(id)?.length }))).toEqual([]);
    process.stdout.write(`${CYCLES} updates, ${sent.length} commands\n`);
  },
  120_000 + CYCLES * 30_000,
);

/** By the id of the command. */
async function resultCodes(nc: NatsConnection): Promise<Map<string, number[]>> {
  const { state } = (await api(nc, 'STREAM.INFO.RESULTS')) as { state: { last_seq: number } };
  const found = new Map<string, number[]>();
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const { message } = (await api(nc, 'STREAM.MSG.GET.RESULTS', { seq })) as { message: { data: string } };
    const { request_id: id, exit_code: code } = JSON.parse(Buffer.from(message.data, 'base64').toString());
    found.set(id, [...(found.get(id) ?? []), code]);
  }
  return found;
}
