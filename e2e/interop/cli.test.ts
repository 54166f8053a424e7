/** The verbs of the original command line that make an agent run something, or keep it from that, on our agent. */
import { describe, expect, test } from 'vitest';
import { shows } from './support/agent-view.ts';
import { type OriginalFleet, OURS, startOriginalFleet } from './support/fleet.ts';
import { resultsWith, resultWith, started } from './support/results.ts';
import { untilFound } from './support/waiting.ts';

/** `kanade exec`; the id of the execution that it prints. */
async function exec(fleet: OriginalFleet, ...args: string[]): Promise<string> {
  const printed = await fleet.kanadeOk('exec', ...args);
  const id = /exec_id\s*: (\S+)/.exec(printed)?.[1];
  if (id === undefined) throw new Error(`no exec_id in:\n${printed}`);
  return id;
}

describe('kanade run', () => {
  test.each([
    ['powershell', 'echo out; echo err >&2; exit 7', 7, '--- stdout ---\nout\n--- stderr ---\nerr\n'],
    ['cmd', 'echo hello; echo 日本語', 0, '--- stdout ---\nhello\n日本語\n'],
    ['ps', 'exit 0', 0, '--- stdout ---'],
  ])('--shell %s -- %s: prints exit code and output', async (shell, script, code, output) => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    const printed = await fleet.kanadeOk('run', OURS, '--shell', shell, '--', script);
    expect(printed).toMatch(new RegExp(`^pc_id     : ${OURS}\nexit_code : ${code}\nstarted   : .*\nfinished  : .*\n`));
    expect(printed.replace(/^(?:\w+ +: .*\n){4}/, '').trimEnd()).toBe(output.trimEnd());
  });

  test('--timeout: the script is ended, and the note of the timeout is printed behind its output', async () => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    const script = 'echo begun; echo err >&2; sleep 30';
    const printed = await fleet.kanadeOk('run', OURS, '--timeout', '1', '--', script);
    expect(printed).toContain('exit_code : -1\n');
    expect(printed).toContain('--- stdout ---\nbegun\n--- stderr ---\nerr\n\ntimeout after 1s');
  });

  test('a result that would be too large for the broker is cut and arrives (the original’s never does, D11)', async () => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    const printed = await fleet.kanadeOk('run', OURS, '--', 'echo first; head -c 3000000 /dev/zero; echo; echo last');
    expect(printed).toContain('exit_code : 0\n');
    expect(printed).toMatch(/--- stdout ---\nfirst\n[\s\S]+\nlast\n/);
  });

  test('kanade kill ends what --exec-id named, with the note of the kill', async () => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    const running = fleet.kanadeOk('run', OURS, '--exec-id', 'e-1', '--', 'echo begun; sleep 30');
    await started(fleet.nc, 'e-1', OURS);
    await fleet.kanadeOk('kill', 'e-1');
    const printed = await running;
    expect(printed).toContain('exit_code : -1\n');
    expect(printed).toContain('--- stdout ---\nbegun\n--- stderr ---\nkilled by remote signal (kill.e-1)');
  });
});

describe('kanade exec', () => {
  test.each([
    ['--pcs', OURS],
    ['--groups', 'canary'],
    ['--all', ''],
  ])('%s %s reaches the agent once, and the result names job and execution', async (option, value) => {
    const fleet = await startOriginalFleet();
    await fleet.kanadeOk('group', 'add', OURS, 'canary');
    await fleet.ours();
    await fleet.createJob('greet', 'echo hello');
    const execId = await exec(fleet, 'greet', option, ...(value === '' ? [] : [value]));
    await resultWith(fleet.nc, { exec_id: execId });
    // A second command to the same PC comes behind any repetition of the first.
    await fleet.kanadeOk('run', OURS, '--', 'true');
    expect(await resultsWith(fleet.nc, { exec_id: execId })).toEqual([
      expect.objectContaining({ pc_id: OURS, manifest_id: 'greet', exit_code: 0, stdout: 'hello\n', stderr: '' }),
    ]);
  });

  test('group add and rm: only a member of the group runs what is sent to it', async () => {
    const fleet = await startOriginalFleet();
    const agent = await fleet.ours();
    const client = await agent.connect();
    const member = (wanted: string) =>
      untilFound(`member of "${wanted}"`, async () => {
        const { identity } = await client.call('state.snapshot', {});
        return identity.groups?.join() === wanted ? true : undefined;
      });
    await fleet.createJob('greet', 'echo hello');
    await fleet.kanadeOk('group', 'add', OURS, 'canary');
    await member('canary');
    const first = await exec(fleet, 'greet', '--groups', 'canary');
    await resultWith(fleet.nc, { exec_id: first });
    await fleet.kanadeOk('group', 'rm', OURS, 'canary');
    await member('');
    const second = await exec(fleet, 'greet', '--groups', 'canary');
    await fleet.kanadeOk('run', OURS, '--', 'true');
    expect(await resultsWith(fleet.nc, { exec_id: second })).toEqual([]);
  });

  test('kanade kill ends an execution that only waits for its jitter, and it never starts (D9)', async () => {
    const fleet = await startOriginalFleet();
    const agent = await fleet.ours({ toml: '[run]\nmax_parallel = 1\ngrace = "1s"\n' });
    await fleet.createJob('blocker', 'sleep 30');
    await fleet.createJob('late', 'echo ran');
    const blocker = await exec(fleet, 'blocker', '--pcs', OURS);
    await started(fleet.nc, blocker, OURS);
    // Behind the blocker, so that a jitter of 0 s can't start it either.
    const late = await exec(fleet, 'late', '--all', '--jitter', '60s');
    await shows(agent, { running: 1, waiting: 1 });
    await fleet.kanadeOk('kill', late);
    const note = `killed by remote signal (kill.${late})`;
    expect(await resultWith(fleet.nc, { exec_id: late })).toMatchObject({ exit_code: -1, stdout: '', stderr: note });
  });
});

describe('withdrawing a job', () => {
  test('kanade revoke: answered 126 until kanade unrevoke (the original answers nothing, D4)', async () => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    await fleet.createJob('greet', 'echo hello');
    const outcome = async () => resultWith(fleet.nc, { exec_id: await exec(fleet, 'greet', '--pcs', OURS) });
    await fleet.kanadeOk('revoke', 'greet');
    expect(await outcome()).toMatchObject({
      exit_code: 126,
      stderr: 'skipped: command was revoked (script_status[greet] = revoked)',
      skipped: true,
    });
    await fleet.kanadeOk('unrevoke', 'greet');
    expect(await outcome()).toMatchObject({ exit_code: 0, stdout: 'hello\n' });
  });

  test('kanade job delete: what waits for a free place is looked at again and not started (D23)', async () => {
    const fleet = await startOriginalFleet();
    const agent = await fleet.ours({ toml: '[run]\nmax_parallel = 1\ngrace = "1s"\n' });
    await fleet.createJob('blocker', 'sleep 30');
    await fleet.createJob('next', 'echo ran');
    const blocker = await exec(fleet, 'blocker', '--pcs', OURS);
    await started(fleet.nc, blocker, OURS);
    const next = await exec(fleet, 'next', '--all');
    await shows(agent, { running: 1, waiting: 1 });
    await fleet.kanadeOk('job', 'delete', 'next');
    await fleet.kanadeOk('kill', blocker);
    expect(await resultWith(fleet.nc, { exec_id: next })).toMatchObject({ exit_code: 126, stdout: '' });
  });
});

test('five new versions of a job, each sent at once, all run, although the pin is written after (D5)', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  for (const version of ['1.0.0', '1.0.1', '1.0.2', '1.1.0', '2.0.0']) {
    await fleet.createJob('bumped', `echo ${version}`, { version });
    const execId = await exec(fleet, 'bumped', '--pcs', OURS);
    expect(await resultWith(fleet.nc, { exec_id: execId })).toMatchObject({ exit_code: 0, stdout: `${version}\n` });
  }
});

test('kanade schedule create: the backend’s scheduler reaches the agent; disable --cascade withdraws the job', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.createJob('tick', 'echo tick');
  const schedule = { id: 'each-second', cron: '* * * * * *', job_id: 'tick', target: { pcs: [OURS] } };
  await fleet.createSchedule(schedule);
  const result = await resultWith(fleet.nc, { manifest_id: 'tick', exit_code: 0 });
  expect(result).toMatchObject({ pc_id: OURS, stdout: 'tick\n', exec_id: expect.any(String) });
  await fleet.kanadeOk('schedule', 'disable', 'each-second', '--cascade');
  const execId = await exec(fleet, 'tick', '--pcs', OURS);
  expect(await resultWith(fleet.nc, { exec_id: execId })).toMatchObject({ exit_code: 126, skipped: true });
});
