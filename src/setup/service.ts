/** Stops and starts the agent's service, in the agent's own time (architecture §4: drain). */
import { errorText } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentTalk } from './agent-talk.ts';
import { SETUP_EXIT, SetupError } from './exit-codes.ts';
import type { Layout } from './layout.ts';
import type { SetupLog } from './log.ts';
import { SERVICE, SERVICE_HOST } from './names.ts';
import type { System } from './system.ts';

/** Scripts may end for up to 60 s, and the results must reach the disk. */
const DRAIN_MS = 75_000;
/** As long as a stop may take with the usual `[run] grace` of 20 s. */
const STOP_MS = 60_000;
const END_MS = 10_000;
const START_MS = 60_000;
const POLL_EVERY_MS = 200;

export interface ServiceParts {
  readonly system: System;
  readonly talk: AgentTalk;
  readonly log: SetupLog;
  readonly layout: Layout;
}

/** @returns whether it ran before */
export async function stopAgent({ system, talk, log, layout }: ServiceParts): Promise<boolean> {
  const before = system.serviceState(SERVICE);
  if (before === 'absent' || before === 'stopped') return false;
  if (before !== 'stopping' && (await talk.drain())) {
    log.say('the agent takes nothing new; waiting for the scripts that run');
    if (await isStopped(system, DRAIN_MS)) return true;
  }
  log.say('stopping the service');
  system.stopService(SERVICE);
  if (await isStopped(system, STOP_MS)) return true;
  log.say('the service does not stop; ending its programs');
  // The agent first: its host then reports the end itself, and nothing starts it again.
  endPrograms({ system, log }, layout.versionsDirectory, '\\node\\node.exe');
  if (await isStopped(system, END_MS)) return true;
  endPrograms({ system, log }, layout.privateDirectory, `\\${SERVICE_HOST}`);
  if (await isStopped(system, END_MS)) return true;
  throw new SetupError(SETUP_EXIT.failed, `the service ${SERVICE} can not be stopped`);
}

/** Those that run from below `directory` and whose path ends so, but for ourselves: the set-up has a Node of its own there. */
export function endPrograms({ system, log }: Pick<ServiceParts, 'system' | 'log'>, directory: string, end = ''): void {
  for (const { pid, path } of system.programsBelow(directory)) {
    if (pid === process.pid || !path.toLowerCase().endsWith(end.toLowerCase())) continue;
    log.say(`ending ${path}`);
    system.endProgram(pid);
  }
}

/** Asks for the end of any service and waits for it; false: it still runs. */
export async function stopOther(system: System, name: string): Promise<boolean> {
  const state = system.serviceState(name);
  if (state === 'absent' || state === 'stopped') return true;
  system.stopService(name);
  return isStopped(system, STOP_MS, name);
}

async function isStopped(system: System, withinMs: number, name = SERVICE): Promise<boolean> {
  for (const untilMs = performance.now() + withinMs; performance.now() < untilMs; await sleep(POLL_EVERY_MS)) {
    const state = system.serviceState(name);
    if (state === 'stopped' || state === 'absent') return true;
  }
  return false;
}

/** Starts it and waits until the agent of `version` answers. @returns null: it does not come up; the log says why */
export async function startAgent({ system, talk, log }: ServiceParts, version: string): Promise<AgentStatus | null> {
  try {
    system.startService(SERVICE);
  } catch (error) {
    log.say(errorText(error));
    return null;
  }
  const ended = new AbortController();
  const watch = watchForEnd(system, ended);
  const status = await talk.status(version, START_MS, () => true, ended.signal);
  clearInterval(watch);
  if (status === null)
    log.say(
      ended.signal.aborted ? 'the agent has ended again' : `the agent does not answer within ${START_MS / 1000} s`,
    );
  return status;
}

function watchForEnd(system: System, ended: AbortController): NodeJS.Timeout {
  return setInterval(() => {
    if (system.serviceState(SERVICE) === 'stopped') ended.abort();
  }, 1_000);
}
