/** Scenes of a PC on its own: it fires a schedule, and it can tell who has sent a task. */
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headers } from '@nats-io/transport-node';
import { ringEntry, signedHeaders } from './command-signing.ts';
import { describeJob, type Outcome, outcome, patience, script, WINDOWS } from './demo-scene.ts';
import { command, type ExecResult, lastStored, putKey, waitForResult } from './fleet.ts';
import { type LocalFleet, onAir } from './local-fleet.ts';
import { until } from './waiting.ts';

const SHELL = WINDOWS ? 'cmd' : 'sh';
const KID = 'demo-it';

/** Nobody sends it: the PC finds it among its schedules, and fires it at the next second. */
export async function firedHere({ nc, pcId }: LocalFleet, signal: AbortSignal): Promise<readonly Outcome[]> {
  const job = 'backup-check';
  const echo = script('echo the backup is of last night', 'echo the backup is of last night');
  await describeJob(nc, job, 'Backup check', { shell: SHELL, script: echo, timeout: '30s', run_as: 'system' });
  await putKey(nc, 'schedules', 'backup-check-daily', {
    id: 'backup-check-daily',
    cron: '* * * * * *',
    mode: 'once_per_pc',
    job_id: job,
    target: { groups: [], pcs: [pcId], all: false },
    runs_on: 'agent',
    enabled: true,
  });
  const read = async () => {
    const { data } = (await lastStored(nc, 'RESULTS', 'results.>')) ?? {};
    if (data === undefined) return undefined;
    const newest = JSON.parse(Buffer.from(data, 'base64').toString()) as ExecResult;
    return newest.manifest_id === job ? newest : undefined;
  };
  const result = await until('the schedule fires', read, patience(signal));
  const { words, ...told } = outcome('Backup check', result, result.exit_code === 0);
  return [{ ...told, words: `${words}, fired by the PC itself` }];
}

/** From here to the end of the scene this PC runs only what is signed. */
export async function signedOnly(fleet: LocalFleet, signal: AbortSignal): Promise<readonly Outcome[]> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const ring = join(fleet.directory, 'command-keys.json');
  writeFileSync(ring, JSON.stringify([ringEntry(KID, privateKey, { label: 'IT department' })]), { mode: 0o600 });
  const settings = readFileSync(fleet.settingsFile, 'utf8');
  const restart = async () => {
    await fleet.agent.kill();
    await onAir(fleet.nc, fleet.pcId, () => fleet.agent.start(), fleet.agent, signal);
  };
  appendFileSync(fleet.settingsFile, `\n[commands]\nsignatures = "require"\nkeys_file = "command-keys.json"\n`);
  try {
    await restart();
    const signed = await sent(fleet, 'firewall-rule', 'Firewall rule', (body) => signedHeaders(KID, privateKey, body));
    const strange = await sent(fleet, 'tool-from-elsewhere', 'Tool from elsewhere', () => ({}));
    const [good, refused] = [
      await waitForResult(fleet.nc, signed, { signal }),
      await waitForResult(fleet.nc, strange, { signal }),
    ];
    const { words, ...told } = outcome('Firewall rule', good, good.exit_code === 0);
    return [
      { ...told, words: `${words}, signed by "${KID}"` },
      outcome('Tool from elsewhere', refused, refused.exit_code === 123),
    ];
  } finally {
    writeFileSync(fleet.settingsFile, settings);
    if (!signal.aborted) await restart();
  }
}

/** @returns the request_id */
async function sent(
  { nc, pcId }: LocalFleet,
  id: string,
  description: string,
  sign: (body: string) => Readonly<Record<string, string>>,
): Promise<string> {
  await describeJob(nc, id, description);
  const { request_id, ...rest } = command({ id, shell: SHELL, script: 'echo done as asked' });
  const body = JSON.stringify({ ...rest, request_id });
  const signature = headers();
  for (const [name, value] of Object.entries(sign(body))) signature.set(name, value);
  nc.publish(`commands.pc.${pcId}`, body, { headers: signature });
  await nc.flush();
  return request_id;
}
