/**
 * Our agent and the original's in one fleet. What is sent to all is answered by both alike; only ids, times and additions that
 * we add (protocol §12.2) may differ, or what the original does wrong, which is named by its number then.
 */
import { describe, expect, test } from 'vitest';
import { command, type ExecResult, publishCommand, putKey } from '../../test/support/fleet.ts';
import { expectAlike } from './support/alike.ts';
import { type OriginalFleet, OURS, startOriginalFleet, THEIRS } from './support/fleet.ts';
import { allAcknowledged, resultsWith, resultWith, started, storedResults } from './support/results.ts';
import { untilFound } from './support/waiting.ts';

/** Both agents on the air. */
async function mixedFleet(): Promise<OriginalFleet> {
  const fleet = await startOriginalFleet();
  await Promise.all([fleet.ours(), fleet.theirs()]);
  return fleet;
}

/** Sends one command to all, as the backend does. */
function broadcast(fleet: OriginalFleet, fields: Record<string, unknown>): Promise<string> {
  return publishCommand(fleet.nc, 'commands.all', command({ shell: 'powershell', ...fields }));
}

/** Both results as they were published, ours first. */
async function bothTexts(fleet: OriginalFleet, requestId: string): Promise<readonly [string, string]> {
  await resultWith(fleet.nc, { request_id: requestId, pc_id: OURS });
  await resultWith(fleet.nc, { request_id: requestId, pc_id: THEIRS });
  const stored = (await storedResults(fleet.nc)).filter(({ result }) => result.request_id === requestId);
  const of = (pcId: string) => stored.find(({ result }) => result.pc_id === pcId)?.text ?? '';
  expect(stored).toHaveLength(2);
  return [of(OURS), of(THEIRS)];
}

describe('the same broadcast has the same result', () => {
  test.each<[string, Record<string, unknown>, Partial<ExecResult>]>([
    ['done', { script: 'echo 日本語; printf "a\\tb\\\\c"' }, { exit_code: 0, stdout: '日本語\na\tb\\c' }],
    ['an exit code', { script: 'exit 42', exec_id: 'e-1' }, { exit_code: 42, exec_id: 'e-1' }],
    ['standard error', { script: 'echo out; echo err >&2; exit 1' }, { stdout: 'out\n', stderr: 'err\n' }],
    ['nothing at all', { script: 'true', shell: 'cmd' }, { exit_code: 0, stdout: '', stderr: '' }],
    ['an end by a signal', { script: 'kill -9 $$' }, { exit_code: -1, stderr: '' }],
    ['a directory', { script: 'pwd', cwd: '/' }, { stdout: '/\n' }],
    ['a job’s own id', { id: 'job-7', version: '1.0.0', script: 'true' }, { manifest_id: 'job-7' }],
    ['the timeout', { script: 'echo on; exec sleep 30', timeout_secs: 1 }, { stderr: 'timeout after 1s' }],
    ['the timeout of 0 s, which is 1 s', { script: 'exec sleep 30', timeout_secs: 0 }, { stderr: 'timeout after 0s' }],
    [
      'the timeout behind its output',
      { script: 'echo err >&2; exec sleep 30', timeout_secs: 1 },
      { exit_code: -1, stderr: 'err\n\ntimeout after 1s' },
    ],
  ])('%s', async (_what, fields, expected) => {
    const fleet = await mixedFleet();
    const texts = await bothTexts(fleet, await broadcast(fleet, fields));
    expectAlike(texts);
    expect(JSON.parse(texts[0])).toMatchObject(expected);
  });

  test('a deadline that has passed: 125', async () => {
    const fleet = await mixedFleet();
    const texts = await bothTexts(fleet, await broadcast(fleet, { deadline_at: '2026-11-24T03:00:00+09:00' }));
    expectAlike(texts);
    expect(JSON.parse(texts[0])).toMatchObject({
      exit_code: 125,
      stderr: expect.stringMatching(
        /^skipped: starting deadline expired .+ ago \(deadline 2026-11-23 18:00:00 UTC, received .+ UTC\)$/,
      ),
      skipped: true,
    });
  });

  test('a kill while it runs', async () => {
    const fleet = await mixedFleet();
    const requestId = await broadcast(fleet, { exec_id: 'e-1', script: 'echo on; exec sleep 30' });
    await started(fleet.nc, 'e-1', OURS);
    // Again and again: the original hears a kill only some time after it has started the script (D9).
    await untilFound('both are killed', async () => {
      await fleet.kanadeOk('kill', 'e-1');
      return (await resultsWith(fleet.nc, { request_id: requestId })).length === 2 ? true : undefined;
    });
    const texts = await bothTexts(fleet, requestId);
    expectAlike(texts);
    expect(JSON.parse(texts[0])).toMatchObject({
      exit_code: -1,
      stdout: 'on\n',
      stderr: 'killed by remote signal (kill.e-1)',
    });
  });

  test('kanade exec --all reaches each once, although both get it live and from the stream', async () => {
    const fleet = await mixedFleet();
    await fleet.createJob('greet', 'echo hello');
    await fleet.kanadeOk('exec', 'greet', '--all');
    await Promise.all([OURS, THEIRS].map((pc_id) => resultWith(fleet.nc, { pc_id })));
    await Promise.all([OURS, THEIRS].map((pcId) => allAcknowledged(fleet.nc, pcId)));
    // The next result of each PC is behind any second one of the job.
    const last = await broadcast(fleet, { script: 'true' });
    await bothTexts(fleet, last);
    const greeted = await resultsWith(fleet.nc, { manifest_id: 'greet' });
    expect(greeted.map(({ pc_id }) => pc_id).sort()).toEqual([OURS, THEIRS]);
  });
});

describe('where the original has a defect, ours differs as documented', () => {
  test.each<[string, Record<string, unknown>, Partial<ExecResult>, Partial<ExecResult> | null]>([
    [
      'one byte that is no UTF-8 does not cost the output (D7)',
      { script: "printf '\\377 hi'" },
      { exit_code: 0, stdout: '\ufffd hi' },
      { exit_code: 0, stdout: '' },
    ],
    [
      'run_as user is not supported here, and that is no success (D25)',
      { script: 'true', run_as: 'user' },
      { exit_code: 122, stderr: 'skipped: run_as User is not supported on Linux agents', skipped: true },
      { exit_code: 0, stderr: 'run_as: User is Windows-only; non-Windows agents skip the script.\n' },
    ],
    [
      'a directory that is not there has a result (D6)',
      { script: 'true', cwd: '/no/such/directory' },
      { exit_code: -1, stderr: expect.stringMatching(/^command failed before it produced an outcome: /) },
      null,
    ],
    [
      'an exec_id that can be no subject does not keep a script from running (D15)',
      { script: 'echo ran', exec_id: 'a b' },
      { exit_code: 0, stdout: 'ran\n', exec_id: 'a b' },
      null,
    ],
    [
      'another version than the pinned one has a result (D4)',
      { script: 'true', id: 'pinned', version: '1.0.0' },
      {
        exit_code: 124,
        stderr: 'skipped: version-pin mismatch — script_current[pinned] = 2.0.0, command brought 1.0.0',
        skipped: true,
      },
      null,
    ],
  ])('%s', async (_what, fields, ours, theirs) => {
    const fleet = await mixedFleet();
    await putKey(fleet.nc, 'script_current', 'pinned', '2.0.0');
    const requestId = await broadcast(fleet, fields);
    expect(await resultWith(fleet.nc, { request_id: requestId, pc_id: OURS })).toMatchObject(ours);
    // What the original answers later than this it does not answer.
    await bothTexts(fleet, await broadcast(fleet, { script: 'true' }));
    const [answered] = await resultsWith(fleet.nc, { request_id: requestId, pc_id: THEIRS });
    if (theirs === null) expect(answered).toBeUndefined();
    else expect(answered).toMatchObject(theirs);
  });
});
