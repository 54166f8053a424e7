/**
 * The scenes of the demo: what IT does, and what must come of it. Each speaks the wire only, as backend and command
 * line would. Invariant: a scene ends with the fleet as it found it, broker and agent running.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { firedHere, signedOnly } from './demo-alone.ts';
import { describeJob, outcome, patience, type Scene, script, WINDOWS } from './demo-scene.ts';
import { UPDATES } from './demo-updates.ts';
import { command, countStored, type ExecResult, killExec, publishCommand, putKey, waitForResult } from './fleet.ts';
import { type LocalFleet, onAir } from './local-fleet.ts';
import { isAlive, received, started } from './observing.ts';
import { inWords } from './result-in-words.ts';
import { until } from './waiting.ts';

/** With whole seconds of jitter below this the draw is 0 one time in four, and an outage lasts as long as the longest. */
const JITTER_SECS = 4;
const OUTAGE_MS = 3_500;
const SETTLE_MS = 250;
const TRIES = 8;

const LONG = script('echo working; sleep 60', 'echo working& ping -n 61 127.0.0.1 >nul');

/** The jobs of the demo; the window shows each by its description. */
const JOBS = {
  'morning-message': 'Good morning message',
  'office-repair': 'Office repair',
  'printer-fix': 'Printer fix',
  'browser-clean-up': 'Browser clean-up',
  'night-update-check': 'Update check of last night',
  'teams-reset': 'Teams reset',
  'disk-clean-up': 'Disk clean-up',
  'software-inventory': 'Software inventory',
  'file-list': 'List of all files',
  'vpn-profile': 'VPN profile',
  'certificate-renewal': 'Certificate renewal',
  'account-lock-check': 'Account lock check',
  'driver-check': 'Driver check',
  'remote-support': 'Remote support',
  'vpn-update': 'VPN update',
};

type Job = keyof typeof JOBS;

export const SCENES: readonly Scene[] = [
  simple(
    'morning-message',
    { script: 'echo Good morning from IT' },
    (r) => r.exit_code === 0 && /Good morning/.test(r.stdout),
  ),
  simple(
    'office-repair',
    { script: script('echo no such printer >&2; exit 3', 'echo no such printer>&2& exit 3') },
    (r) => r.exit_code === 3,
  ),
  {
    title: JOBS['printer-fix'],
    run: async (fleet, signal) => {
      await putKey(fleet.nc, 'script_current', 'printer-fix', '2.0.0');
      return one('printer-fix', fleet, { version: '1.0.0' }, refused(124), signal);
    },
  },
  {
    title: JOBS['browser-clean-up'],
    run: async (fleet, signal) => {
      await putKey(fleet.nc, 'script_status', 'browser-clean-up', 'REVOKED');
      return one('browser-clean-up', fleet, {}, refused(126), signal);
    },
  },
  {
    title: JOBS['night-update-check'],
    run: (fleet, signal) => {
      const deadline_at = new Date(Date.now() - 60_000).toISOString();
      return one('night-update-check', fleet, { deadline_at }, refused(125), signal);
    },
  },
  { title: JOBS['teams-reset'], run: stoppedWhileRunning },
  { title: JOBS['disk-clean-up'], run: stoppedWhileWaiting },
  simple(
    'software-inventory',
    { script: LONG, timeout_secs: 1 },
    (r) => r.exit_code === -1 && r.stderr.endsWith('timeout after 1s'),
  ),
  simple(
    'file-list',
    { script: script('seq 1 300000', 'for /L %i in (1,1,300000) do @echo %i') },
    (r) => r.exit_code === 0 && /^1\r?\n2\r?\n/.test(r.stdout) && r.stdout.trimEnd().endsWith('300000'),
  ),
  { title: JOBS['vpn-profile'], run: sentTwice },
  simple(
    'driver-check',
    { cwd: WINDOWS ? 'C:\\no such folder' : '/no/such/folder' },
    (r) => r.exit_code === -1 && r.stderr.startsWith('command failed before it produced an outcome'),
  ),
  simple('remote-support', { command_kind: 'remote_session' }, refused(122)),
  { title: 'A message that can not be read', run: unreadable },
  { title: 'Backup check', run: firedHere },
  { title: 'Firewall rule', run: signedOnly },
  { title: JOBS['certificate-renewal'], run: brokerAway },
  { title: JOBS['vpn-update'], run: agentKilled },
  ...UPDATES,
];

function refused(code: number) {
  return (result: ExecResult) => result.exit_code === code && result.skipped === true;
}

function simple(job: Job, fields: Record<string, unknown>, expected: (result: ExecResult) => boolean): Scene {
  return { title: JOBS[job], run: (fleet, signal) => one(job, fleet, fields, expected, signal) };
}

async function one(
  job: Job,
  fleet: LocalFleet,
  fields: Record<string, unknown>,
  expected: (result: ExecResult) => boolean,
  signal: AbortSignal,
) {
  const result = await waitForResult(fleet.nc, await send(fleet, job, fields), { signal });
  return [outcome(JOBS[job], result, expected(result))];
}

/** @returns the request_id */
async function send({ nc, pcId }: LocalFleet, job: Job, fields: Record<string, unknown>): Promise<string> {
  await describeJob(nc, job, JOBS[job]);
  return publishCommand(nc, `commands.pc.${pcId}`, command({ id: job, shell: WINDOWS ? 'cmd' : 'sh', ...fields }));
}

async function stoppedWhileRunning(fleet: LocalFleet, signal: AbortSignal) {
  const exec_id = randomUUID();
  const requestId = await send(fleet, 'teams-reset', { exec_id, script: LONG });
  await until('the script is started', () => started(fleet, exec_id), patience(signal));
  await killExec(fleet.nc, exec_id);
  const result = await waitForResult(fleet.nc, requestId, { signal });
  return [outcome(JOBS['teams-reset'], result, killedBy(exec_id, result))];
}

async function stoppedWhileWaiting(fleet: LocalFleet, signal: AbortSignal) {
  for (let tries = 1; ; tries++) {
    const exec_id = randomUUID();
    const requestId = await send(fleet, 'disk-clean-up', { exec_id, jitter_secs: 3_600, script: LONG });
    await until('the command is received', () => received(fleet), patience(signal));
    await killExec(fleet.nc, exec_id);
    const result = await waitForResult(fleet.nc, requestId, { signal });
    // One time in 3,600 there was nothing to wait for, and it was stopped while running.
    if (tries < TRIES && (await started(fleet, exec_id))) continue;
    const ok = killedBy(exec_id, result) && !(await started(fleet, exec_id));
    return [outcome(JOBS['disk-clean-up'], result, ok)];
  }
}

function killedBy(execId: string, result: ExecResult) {
  return result.exit_code === -1 && result.stderr.endsWith(`killed by remote signal (kill.${execId})`);
}

async function sentTwice(fleet: LocalFleet, signal: AbortSignal) {
  const file = join(fleet.directory, 'ran.txt');
  await describeJob(fleet.nc, 'vpn-profile', JOBS['vpn-profile']);
  const body = command({ id: 'vpn-profile', shell: WINDOWS ? 'cmd' : 'sh', script: `echo ran>>"${file}"` });
  const subject = `commands.pc.${fleet.pcId}`;
  await publishCommand(fleet.nc, subject, body);
  await publishCommand(fleet.nc, subject, body);
  const result = await waitForResult(fleet.nc, body.request_id, { signal });
  await publishCommand(fleet.nc, subject, body);
  await until('the command is received', () => received(fleet), patience(signal));
  await delay(SETTLE_MS, undefined, { signal });
  const runs = readFileSync(file, 'utf8').trim().split('\n').length;
  const results = await countStored(fleet.nc, 'RESULTS', `results.${body.request_id}`);
  const words = `${inWords(result)}, run ${times(runs)}, ${results === 1 ? 'one result' : `${results} results`}`;
  return [{ title: JOBS['vpn-profile'], ok: result.exit_code === 0 && runs === 1 && results === 1, words }];
}

/** A command without a script: nobody can run it, and the one who sent it hears why. */
async function unreadable(fleet: LocalFleet, signal: AbortSignal) {
  const request_id = randomUUID();
  fleet.nc.publish(`commands.pc.${fleet.pcId}`, JSON.stringify({ request_id, id: 'half-a-task', version: '1.0.0' }));
  const result = await waitForResult(fleet.nc, request_id, { signal });
  const ok = result.exit_code === -1 && result.stderr.startsWith('refused: cannot read command');
  return [outcome('A message that can not be read', result, ok)];
}

function times(count: number) {
  return count === 1 ? 'once' : `${count} times`;
}

/**
 * One outage for two: a script that runs on and is reported afterwards, and a strict job in its jitter, which must not run on
 * a view of the fleet that is too old by then.
 */
async function brokerAway(fleet: LocalFleet, signal: AbortSignal) {
  for (let tries = 1; ; tries++) {
    const running = await send(fleet, 'certificate-renewal', {
      script: script('sleep 1; echo done meanwhile', 'ping -n 2 127.0.0.1 >nul& echo done meanwhile'),
    });
    await until('the command is received', () => received(fleet), patience(signal));
    const staleness = { mode: 'strict', max_cache_age: '500ms' };
    const strict = await send(fleet, 'account-lock-check', { jitter_secs: JITTER_SECS, staleness });
    await until('the command is received', () => received(fleet), patience(signal));
    await fleet.broker.stop();
    await delay(OUTAGE_MS, undefined, { signal });
    const backAtMs = Date.now();
    await fleet.broker.start();
    const [delivered, stale] = [
      await waitForResult(fleet.nc, running, { signal }),
      await waitForResult(fleet.nc, strict, { signal }),
    ];
    // The jitter was 0: it ran before the broker went. That shows nothing, so once more.
    if (stale.exit_code === 0 && tries < TRIES) continue;
    const inTheOutage = Date.parse(delivered.finished_at) < backAtMs;
    const words = `${inWords(delivered)}, delivered ${inTheOutage ? 'after the broker came back' : 'at once'}`;
    return [
      { title: JOBS['certificate-renewal'], ok: delivered.exit_code === 0 && inTheOutage, words },
      outcome(JOBS['account-lock-check'], stale, refused(127)(stale)),
    ];
  }
}

async function agentKilled(fleet: LocalFleet, signal: AbortSignal) {
  const exec_id = randomUUID();
  const pidFile = join(fleet.directory, 'pid.txt');
  const requestId = await send(fleet, 'vpn-update', {
    exec_id,
    script: script(`echo $$ > "${pidFile}"; sleep 60`, LONG),
  });
  await until('the script is started', () => started(fleet, exec_id), patience(signal));
  if (!WINDOWS)
    await until(
      'the script says its process id',
      () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'),
      patience(signal),
    );
  await fleet.agent.kill();
  await onAir(fleet.nc, fleet.pcId, () => fleet.agent.start(), fleet.agent, signal);
  const result = await waitForResult(fleet.nc, requestId, { signal });
  const left = !WINDOWS && isAlive(Number(readFileSync(pidFile, 'utf8')));
  const words = left ? `${inWords(result)}, but its script still runs` : inWords(result);
  return [{ title: JOBS['vpn-update'], ok: result.exit_code === 121 && !left, words }];
}
