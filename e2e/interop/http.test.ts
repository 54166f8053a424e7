/** The original backend's HTTP API, as its web page uses it, with our agent behind it. */
import { describe, expect, test } from 'vitest';
import type { ExecResult } from '../../test/support/fleet.ts';
import { type OriginalFleet, OURS, startOriginalFleet } from './support/fleet.ts';
import { resultsWith, resultWith, started } from './support/results.ts';
import { untilFound } from './support/waiting.ts';

interface Execution {
  readonly exec_id: string;
  readonly target_count: number;
  readonly success_count: number;
  readonly failure_count: number;
  readonly status: string;
}

/** `POST /api/exec/{job}`; the id of the execution. */
async function exec(fleet: OriginalFleet, job: string, target: object): Promise<string> {
  const { status, body } = await fleet.post<{ exec_id: string }>(`/api/exec/${job}`, { target });
  expect(status).toBe(200);
  return body.exec_id;
}

/** The execution once the backend counts it as completed. */
function completed(fleet: OriginalFleet, execId: string): Promise<Execution> {
  return untilFound(`execution ${execId} is completed`, async () => {
    const { execution } = await fleet.get<{ execution: Execution }>(`/api/executions/${execId}`);
    return execution.status === 'completed' ? execution : undefined;
  });
}

test('POST /api/run answers with the result, and the same row is in GET /api/results', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  const command = { pc_id: OURS, shell: 'cmd', script: 'echo out; echo err >&2; exit 3', timeout_secs: 10 };
  const { status, body } = await fleet.post<ExecResult>('/api/run', command);
  expect(status).toBe(200);
  expect(body).toMatchObject({ pc_id: OURS, exit_code: 3, stdout: 'out\n', stderr: 'err\n' });
  const row = await untilFound('the row', async () => {
    const rows = await fleet.get<ExecResult[]>(`/api/results?pc_id=${OURS}&limit=3`);
    return rows.find(({ result_id }) => result_id === body.result_id);
  });
  const { manifest_id, ...same } = body;
  expect(row).toEqual({ ...same, exec_id: '', job_id: manifest_id });
});

describe('the counters of an execution', () => {
  // The backend publishes before it inserts its row; what is answered within milliseconds is not counted (protocol §10.2).
  test.each([
    ['success', 'sleep 0.5; echo done', { success_count: 1, failure_count: 0 }],
    ['failure', 'sleep 0.5; exit 4', { success_count: 0, failure_count: 1 }],
  ])('count a %s', async (_name, script, counted) => {
    const fleet = await startOriginalFleet();
    await fleet.ours();
    await fleet.createJob('job', script);
    const execId = await exec(fleet, 'job', { pcs: [OURS] });
    expect(await completed(fleet, execId)).toMatchObject({ target_count: 1, status: 'completed', ...counted });
  });

  test('count a PC twice that is in both groups: two commands, two runs', async () => {
    const fleet = await startOriginalFleet();
    await fleet.kanadeOk('group', 'set', OURS, 'a', 'b');
    await fleet.ours();
    await fleet.createJob('job', 'sleep 0.5; echo done');
    const execId = await exec(fleet, 'job', { groups: ['a', 'b'] });
    expect(await completed(fleet, execId)).toMatchObject({ target_count: 2, success_count: 2, failure_count: 0 });
    const ids = (await resultsWith(fleet.nc, { exec_id: execId })).map(({ request_id }) => request_id);
    expect(new Set(ids).size).toBe(2);
  });
});

test('POST /api/jobs/{job}/kill ends the running script, and it counts as a failure', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.createJob('long', 'echo begun; sleep 30');
  const execId = await exec(fleet, 'long', { pcs: [OURS] });
  await started(fleet.nc, execId, OURS);
  expect((await fleet.post('/api/jobs/long/kill')).status).toBe(204);
  const note = `killed by remote signal (kill.${execId})`;
  expect(await resultWith(fleet.nc, { exec_id: execId })).toMatchObject({
    exit_code: -1,
    stdout: 'begun\n',
    stderr: note,
  });
  expect(await completed(fleet, execId)).toMatchObject({ success_count: 0, failure_count: 1 });
});

test('a revoke over HTTP holds for the very next command, and so does the unrevoke', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.createJob('job', 'echo ran');
  const code = async () => {
    const execId = await exec(fleet, 'job', { pcs: [OURS] });
    return (await resultWith(fleet.nc, { exec_id: execId })).exit_code;
  };
  expect(await code()).toBe(0);
  expect((await fleet.post('/api/scripts/job/revoke')).status).toBe(204);
  expect(await code()).toBe(126);
  expect((await fleet.post('/api/scripts/job/unrevoke')).status).toBe(204);
  expect(await code()).toBe(0);
});

test('POST /api/agents/{pc}/ping hears a heartbeat, and the PC is shown as it is', async () => {
  const fleet = await startOriginalFleet();
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=1s');
  await fleet.ours();
  const { status, body } = await fleet.post<{ heartbeat: { at: string } }>(`/api/agents/${OURS}/ping`);
  expect(status).toBe(200);
  expect(body.heartbeat).toMatchObject({ pc_id: OURS, os_family: 'linux' });
  const health = await fleet.get<{ agents: object }>('/api/health/fleet');
  expect(health.agents).toEqual({ known: 1, active: 1, stale: 0 });
  const { at: _at, ...facts } = body.heartbeat;
  expect(await fleet.get('/api/agents')).toEqual([expect.objectContaining(facts)]);
});

test('GET /api/agents/{pc}/logs answers with the end of the agent’s log', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.kanadeOk('run', OURS, '--', 'exit 5');
  const text = await untilFound('the end of the run', async () => {
    const log = await fleet.get<string>(`/api/agents/${OURS}/logs?tail=2`);
    return log.includes('exit_code=5') ? log : undefined;
  });
  expect(text.trimEnd().split('\n')).toHaveLength(2);
});
