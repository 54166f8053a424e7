/**
 * The command that a plan fires at one of its times, as if the fleet had sent it (protocol §6.3). Its ids are
 * those of the time: the ledger then knows a time for which it was fired already, also over a restart or a clock that is put back.
 */
import { hash } from 'node:crypto';
import { newExecId, newRequestId, type RequestId } from '../../shared/ids.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import type { Arrival } from '../store/runs.ts';
import { type Command, encodeCommand, recordOf } from '../wire/command.ts';
import type { Job } from '../wire/job.ts';
import type { Trigger } from '../wire/schedule.ts';
import { LAST_NS } from '../wire/timestamp.ts';
import { OID_NAMESPACE, uuidV5 } from '../wire/uuid-v5.ts';
import type { Plan } from './types.ts';

/** What makes one fire different from every other: a time of the plan, a start of the system, or an event. */
export interface Tick {
  /** `time:<ms>`, `startup:<boot>`, `logon:<ms>`. */
  readonly name: string;
  /** null: a time of the plan. */
  readonly trigger: Trigger | null;
  /** ms since the epoch. */
  readonly atMs: number;
}

export function timeTick(atMs: number): Tick {
  return { name: `time:${atMs}`, trigger: null, atMs };
}

/** A command of our own. */
export type FiredCommand = Command & { readonly requestId: RequestId };

export function commandOf(pcId: string, plan: Plan, job: Job, tick: Pick<Tick, 'name' | 'atMs'>): FiredCommand {
  const name = [pcId, plan.id, tick.name].join('\n');
  const { startingDeadlineMs } = plan;
  return {
    id: job.id,
    version: job.version,
    requestId: newRequestId(uuidV5(OID_NAMESPACE, `kanade-tray/schedule/request\n${name}`)),
    execId: newExecId(uuidV5(OID_NAMESPACE, `kanade-tray/schedule/execution\n${name}`)),
    shell: job.shell,
    script: job.script,
    timeoutSecs: job.timeoutSecs,
    jitterSecs: plan.jitterSecs,
    runAs: job.runAs,
    cwd: job.cwd,
    deadlineAtNs: startingDeadlineMs === null ? null : deadlineAfter(tick.atMs, startingDeadlineMs),
    staleness: job.staleness,
    scriptObject: job.scriptObject,
    bypassLocalLimit: job.bypassLocalLimit,
    retry: plan.retry,
  };
}

/** null: later than any time that can be written, which is never. */
function deadlineAfter(atMs: number, ms: number): bigint | null {
  const ns = BigInt(Math.round(atMs + ms)) * NS_PER_MS;
  return ns > LAST_NS ? null : ns;
}

/** The same as it comes into the store. */
export function arrivalOf(
  command: FiredCommand,
  scheduleId: string,
  at: { readonly receivedAtMs: number; readonly serverAtMs: number | null },
): Arrival & { readonly requestId: RequestId } {
  const body = encodeCommand(command);
  return {
    requestId: command.requestId,
    ...recordOf(command),
    source: 'schedule',
    subject: `schedules.${scheduleId}`,
    ...at,
    fingerprint: hash('sha256', body, 'buffer'),
    body,
  };
}
