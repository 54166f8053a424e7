import { describe, expect, test } from 'vitest';
import { CODE, ManualClock, type StatusWorld, statusWorld } from '../../../test/support/status.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { Fault } from '../../shared/faults.ts';
import { Helpdesk, TRIES, UNLOCKED_MS } from './helpdesk.ts';

function world(directory = tempDir(), clock = new ManualClock()): StatusWorld {
  const made = statusWorld(directory, clock);
  made.code = CODE;
  return made;
}

async function wrong(helpdesk: Helpdesk, times: number, account = '1000'): Promise<(Fault | number)[]> {
  const answers: (Fault | number)[] = [];
  for (let at = 0; at < times; at += 1) answers.push(await helpdesk.unlock(account, 'wrong code'));
  return answers;
}

const nameOf = (answer: Fault | number) => (answer instanceof Fault ? answer.name : 'opened');

describe('the helpdesk code', () => {
  test('opens for 15 minutes, is audited, and clears what was wrong before', async () => {
    const { ports, store, clock } = world();
    const helpdesk = new Helpdesk(ports);
    await wrong(helpdesk, 2);
    expect(await helpdesk.unlock('1000', CODE)).toBe(clock.nowMs() + UNLOCKED_MS);
    expect(store.audit.unlockTries('1000')).toEqual({ failed: 0, retryAtMs: 0 });
    expect(store.audit.list(10).map(({ account, action, detail }) => [account, action, detail])).toEqual([
      ['1000', 'helpdesk.unlock', 'opened'],
      ['1000', 'helpdesk.unlock', 'wrong code, try 2'],
      ['1000', 'helpdesk.unlock', 'wrong code, try 1'],
    ]);
  });

  test('what is noted of it has a bound', async () => {
    const { store } = world();
    const noted = Array.from({ length: 10_050 }, (_, at) =>
      store.audit.append({ atMs: at, account: '1000', action: 'helpdesk.unlock', detail: `${at}` }),
    );
    await Promise.all(noted);
    const kept = store.audit.list(20_000);
    expect([kept.length, kept[0]?.atMs, kept.at(-1)?.atMs]).toEqual([10_000, 10_049, 50]);
  });

  test('five wrong tries, then a wait in which the right code is not looked at; it outlives a restart', async () => {
    const directory = tempDir();
    const clock = new ManualClock();
    const first = world(directory, clock);
    const answers = await wrong(new Helpdesk(first.ports), TRIES);
    expect(answers.map(nameOf)).toEqual([...Array<string>(4).fill('wrong_code'), 'rate_limited']);
    expect(answers[3]).toMatchObject({ data: { triesLeft: 1 } });
    await first.store.close();

    const second = world(directory, clock);
    const helpdesk = new Helpdesk(second.ports);
    expect(await helpdesk.unlock('1000', CODE)).toMatchObject({ name: 'rate_limited', data: { retryInMs: 300_000 } });
    clock.forward(299_999);
    expect(nameOf(await helpdesk.unlock('1000', CODE))).toBe('rate_limited');
    clock.forward(1);
    expect(nameOf(await helpdesk.unlock('1000', CODE))).toBe('opened');
  });

  test('the wait doubles with each further five', async () => {
    const { ports, clock } = world();
    const helpdesk = new Helpdesk(ports);
    const waits: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const last = (await wrong(helpdesk, TRIES)).at(-1);
      const waitMs = last instanceof Fault ? Number(last.data.retryInMs) : 0;
      waits.push(waitMs);
      clock.forward(waitMs);
    }
    expect(waits).toEqual([300_000, 600_000, 1_200_000]);
  });

  test('many at once get no more than five tries', async () => {
    const { ports, store } = world();
    const helpdesk = new Helpdesk(ports);
    const answers = await Promise.all(Array.from({ length: 20 }, () => helpdesk.unlock('1000', 'wrong code')));
    expect(answers.filter((answer) => nameOf(answer) === 'wrong_code')).toHaveLength(4);
    expect(store.audit.unlockTries('1000').failed).toBe(TRIES);
  });

  test('one account does not use up the tries of another', async () => {
    const { ports } = world();
    const helpdesk = new Helpdesk(ports);
    await wrong(helpdesk, TRIES, '1000');
    expect(nameOf(await helpdesk.unlock('1001', CODE))).toBe('opened');
  });

  test('a try that can not be counted is not looked at', async () => {
    const { ports, store } = world();
    const helpdesk = new Helpdesk({
      ...ports,
      audit: {
        append: (entry) => store.audit.append(entry),
        list: (limit) => store.audit.list(limit),
        unlockTries: (account) => store.audit.unlockTries(account),
        setUnlockTries: () => Promise.reject(new Error('the disk is full')),
      },
    });
    expect(nameOf(await helpdesk.unlock('1000', CODE))).toBe('unavailable');
  });

  test('a wait that a wrong clock wrote does not lock out for years', async () => {
    const { ports, store, clock } = world();
    await store.audit.setUnlockTries('1000', { failed: 5, retryAtMs: clock.nowMs() + 365 * 86_400_000 });
    expect(nameOf(await new Helpdesk(ports).unlock('1000', CODE))).toBe('opened');
  });

  test('without a code nobody can unlock, not even with an empty one', async () => {
    const made = statusWorld(tempDir());
    expect(nameOf(await new Helpdesk(made.ports).unlock('1000', ''))).toBe('unavailable');
  });
});
