/**
 * Starts a process with the rights of a token. Invariants: it is created suspended and put into its job before its first
 * instruction, so nothing it starts can get away; while it runs nothing polls it, its end is told (`process-end.ts`).
 */
import type { Priority } from '../priority.ts';
import { createAsUser } from './create-as-user.ts';
import { encodeBlock, environmentOf } from './environment-block.ts';
import { Job } from './job.ts';
import { type Handle, lastError, native, type ProcessInformation } from './native.ts';
import { giveLife, type ProcessEnd, whenEnded } from './process-end.ts';
import { openScriptPipe, type ScriptPipe } from './script-pipe.ts';

const CREATE_SUSPENDED = 0x0000_0004;
const PRIORITY_CLASSES: Readonly<Record<Priority, number>> = { idle: 0x40, below_normal: 0x4000, normal: 0 };
const CREATE_NO_WINDOW = 0x0800_0000;
/** Of whoever is signed in to the session of the token. */
export const PERSONS_DESKTOP = 'winsta0\\default';

export interface TokenProcessSpec {
  /** Closed by the caller. */
  readonly token: Handle;
  readonly file: string;
  /** Whole and quoted. */
  readonly commandLine: string;
  /** Makes the process's environment and directory of the account's own environment. */
  readonly prepare: (account: () => Readonly<Record<string, string>>) => {
    readonly environment: Readonly<Record<string, string>>;
    readonly directory: string | null;
  };
  readonly priority: Priority;
  /** null: ours. */
  readonly desktop: string | null;
}

export interface TokenProcess extends ProcessEnd {
  readonly pid: number;
  readonly job: Job;
  readonly stdin: ScriptPipe;
  readonly stdout: ScriptPipe;
  readonly stderr: ScriptPipe;
}

/** Throws if Windows refuses; nothing is left then. */
export function startWithToken(spec: TokenProcessSpec): TokenProcess {
  const { environment, directory } = spec.prepare(() => environmentOf(spec.token));
  const job = new Job();
  const pipes: ScriptPipe[] = [];
  try {
    const [stdin, stdout, stderr, life] = [open(pipes), open(pipes), open(pipes), open(pipes, false)];
    const created = createAsUser({
      token: spec.token,
      file: spec.file,
      commandLine: spec.commandLine,
      environment: encodeBlock(environment),
      directory,
      desktop: spec.desktop,
      flags: CREATE_SUSPENDED | CREATE_NO_WINDOW | PRIORITY_CLASSES[spec.priority],
      streams: [stdin.handle, stdout.handle, stderr.handle],
    });
    const isGiven = giveLife(created.hProcess, life);
    intoJob(job, created);
    return { pid: created.dwProcessId, job, stdin, stdout, stderr, ...whenEnded(created.hProcess, life, isGiven) };
  } catch (error) {
    job.release();
    for (const pipe of pipes) pipe.close();
    throw error;
  } finally {
    // The script has its own copies now.
    for (const pipe of pipes) native().CloseHandle(pipe.handle);
  }
}

function open(pipes: ScriptPipe[], isInherited = true): ScriptPipe {
  const pipe = openScriptPipe(isInherited);
  pipes.push(pipe);
  return pipe;
}

function intoJob(job: Job, { hProcess, hThread }: ProcessInformation): void {
  const assigned = job.assign(hProcess);
  const failure = assigned ? null : lastError('AssignProcessToJobObject');
  if (assigned) native().ResumeThread(hThread);
  else native().TerminateProcess(hProcess, 1);
  native().CloseHandle(hThread);
  if (failure === null) return;
  native().CloseHandle(hProcess);
  throw failure;
}
