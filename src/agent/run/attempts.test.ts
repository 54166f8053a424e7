import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeScripts } from '../../../test/support/fake-scripts.ts';
import { systemClock } from '../../base/clock.ts';
import { type Command, decodeCommand } from '../wire/command.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import { attempted } from './outcomes.ts';
import type { ScriptSpec } from './script-runner.ts';

const SPEC: ScriptSpec = { marker: 'm', shell: 'sh', script: 'x', cwd: null, runAs: 'system', timeoutSecs: 5 };

type TellsTime = AttemptsOptions['clock'];

function command(): Command {
  const decoded = decodeCommand(Buffer.from(commandJson('r1', { exec_id: 'e1' })));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.command;
}

function setUp(max: number, backoffSecs = 0, deadlineAtNs: bigint | null = null, clock: TellsTime = systemClock) {
  const scripts = new FakeScripts();
  const attempts = new Attempts(() => scripts.start(SPEC), { retry: { max, backoffSecs }, deadlineAtNs, clock });
  /** Each attempt ends with one of these codes. */
  const exits = async (...codes: number[]) => {
    for (const [index, code] of codes.entries()) {
      await eventually(() => expect(scripts.started).toHaveLength(index + 1));
      scripts.started[index]?.exit(code);
    }
    return attempted(command(), await attempts.done);
  };
  return { scripts, attempts, exits };
}

describe('retries (protocol §6.7)', () => {
  test('a script that succeeds is run once, and nothing is said', async () => {
    const { scripts, exits } = setUp(3);
    expect(await exits(0)).toMatchObject({ reason: 'DONE', exitCode: 0, stderr: { text: '' } });
    expect(scripts.started).toHaveLength(1);
  });

  test.each([
    [[1, 0], 'DONE', 0, 'succeeded after 1 retry (#418 on_failure.retry)'],
    [[1, 2, 0], 'DONE', 0, 'succeeded after 2 retries (#418 on_failure.retry)'],
    [[1, 2, 3], 'FAILED', 3, 'failed after 2 retries exhausted (#418 on_failure.retry)'],
  ] as const)('%j with two retries', async (codes, reason, exitCode, text) => {
    const { scripts, exits } = setUp(2);
    expect(await exits(...codes)).toMatchObject({ reason, exitCode, stderr: { text } });
    expect(scripts.started).toHaveLength(codes.length);
  });

  test('a kill in the pause ends it as a kill, and no attempt follows', async () => {
    const { scripts, attempts } = setUp(2, 600);
    scripts.started[0]?.exit(1);
    await turn();
    attempts.end('killed');
    expect(attempted(command(), await attempts.done)).toMatchObject({
      reason: 'KILLED',
      exitCode: -1,
      stderr: { text: 'killed by remote signal (kill.e1)' },
    });
    expect(scripts.started).toHaveLength(1);
  });

  test('a kill of an attempt is the end, and says how many there were', async () => {
    const { scripts, attempts } = setUp(2);
    scripts.started[0]?.exit(1);
    await eventually(() => expect(scripts.started).toHaveLength(2));
    attempts.end('killed');
    expect(attempted(command(), await attempts.done).stderr.text).toBe(
      'killed by remote signal (kill.e1)\nstopped by remote kill after 1 retry (#418 on_failure.retry)',
    );
  });

  test('our own stop in the pause ends it as one', async () => {
    const { scripts, attempts } = setUp(2, 600);
    scripts.started[0]?.exit(1);
    await turn();
    attempts.end('stopped');
    expect(attempted(command(), await attempts.done)).toMatchObject({ reason: 'AGENT_STOPPED', exitCode: -1 });
    expect(scripts.started).toHaveLength(1);
  });

  const inMinutes = (minutes: number) => systemClock.nowNs() + BigInt(minutes * 60) * 1_000_000_000n;

  test('none begins after the last moment to start, and none is waited for that would', async () => {
    const { scripts, exits } = setUp(3, 3_600, inMinutes(5));
    expect(await exits(7)).toMatchObject({
      reason: 'FAILED',
      exitCode: 7,
      stderr: { text: 'failed after 0 retries, starting deadline expired (#418 on_failure.retry)' },
    });
    expect(scripts.started).toHaveLength(1);
  });

  test('one that the deadline overtakes is the last, however it ends', async () => {
    let nowNs = 0n;
    const clock = { nowMs: () => Number(nowNs / 1_000_000n), nowNs: () => nowNs };
    const { scripts, attempts } = setUp(3, 0, 10n, clock);
    scripts.started[0]?.exit(1);
    await eventually(() => expect(scripts.started).toHaveLength(2));
    // Exactly at it still starts.
    nowNs = 10n;
    scripts.started[1]?.exit(2);
    await eventually(() => expect(scripts.started).toHaveLength(3));
    nowNs = 11n;
    scripts.started[2]?.exit(3);
    expect(await attempts.done).toMatchObject({ retries: 2, isPastDeadline: true, finished: { outcome: { code: 3 } } });
  });

  test('a deadline that comes within the pause, as a clock that is put forward brings it, is looked at after it', async () => {
    let looks = 0;
    const clock = { nowMs: () => 0, nowNs: () => (looks++ === 0 ? 0n : 11n) };
    const { scripts, exits } = setUp(3, 0, 10n, clock);
    expect(await exits(1)).toMatchObject({ reason: 'FAILED', exitCode: 1 });
    expect(scripts.started).toHaveLength(1);
  });

  test('a success is one after the deadline too', async () => {
    const { exits } = setUp(3, 0, 0n);
    expect(await exits(0)).toMatchObject({ reason: 'DONE', stderr: { text: '' } });
  });
});
