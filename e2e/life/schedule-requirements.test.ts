/** The built agent with schedules that ask for more than their time: what this PC says decides, and what it can't tell is answered. */
import { expect, test } from 'vitest';
import { sleep } from '../../src/base/sleep.ts';
import { conditionsHere } from '../../src/platform/conditions/here.ts';
import { startAgent } from '../../test/support/agent.ts';
import { eventually } from '../../test/support/eventually.ts';
import { countStored, provisionedOperator, putKey } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { JOB } from '../../test/support/schedule-rig.ts';

/** What becomes of a schedule, where the PC says this of its requirement; undefined: it can't tell. */
function expected(holds: boolean | undefined) {
  if (holds === undefined) return { state: 'not_understood', last: undefined, skipped: undefined };
  return { state: 'waiting', last: holds ? 'DONE' : undefined, skipped: holds ? undefined : 'requirement' };
}

test('a schedule is fired by what this PC says of its power and its input, and answered where it can not tell', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  for (const [id, require] of Object.entries({ power: { ac_power: true }, person: { idle: '100000h' } })) {
    await putKey(nc, 'jobs', id, { ...JOB, id });
    const fields = { when: { on: ['startup'] }, constraints: { require }, target: { all: true }, runs_on: 'agent' };
    await putKey(nc, 'schedules', id, { id, job_id: id, ...fields });
  }
  const agent = await startAgent({ server, nc });
  const client = await agent.connect();
  const here = conditionsHere(false);
  const person = here.tells.has('idle') ? (await here.idleMs()) === Number.POSITIVE_INFINITY : undefined;
  const wanted = { power: expected((await here.acPower()) === true), person: expected(person) };
  await eventually(async () => {
    // Asked no more often than a client may.
    await sleep(200);
    const rows = await client.call('schedules.list', {});
    const found = rows.map(({ internals, state, last, skipped }) => {
      return [internals?.id, { state, last: last?.reason, skipped: skipped?.why }] as const;
    });
    expect(Object.fromEntries(found)).toEqual(wanted);
  });
  const answered = Object.values(wanted).filter(({ skipped }) => skipped === undefined).length;
  await eventually(async () => expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(answered));
});
