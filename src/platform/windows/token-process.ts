/**
 * Starts a process with the rights of a token. It is created suspended and put into its job before its first instruction, so
 * nothing it starts can get away.
 */
import type { Priority } from '../priority.ts';
import { createAsUser, exitCodeOf } from './create-as-user.ts';
import { encodeBlock, environmentOf } from './environment-block.ts';
import { Job } from './job.ts';
import { type Handle, lastError, native, type ProcessInformation } from './native.ts';
import { openScriptPipe, type ScriptPipe } from './script-pipe.ts';

const CREATE_SUSPENDED = 0x0000_0004;
const PRIORITY_CLASSES: Readonly<Record<Priority, number>> = { idle: 0x40, below_normal: 0x4000, normal: 0 };
const CREATE_NO_WINDOW = 0x0800_0000;
/** Node can't wait for a foreign process. A look costs next to nothing; for one that runs long, some ms more don't count. */
const LOOKS: readonly { readonly everyMs: number; readonly untilMs: number }[] = [
  { everyMs: 3, untilMs: 500 },
  { everyMs: 15, untilMs: 5_000 },
  { everyMs: 50, untilMs: Number.POSITIVE_INFINITY },
];

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

export interface TokenProcess {
  readonly pid: number;
  readonly job: Job;
  readonly stdin: ScriptPipe;
  readonly stdout: ScriptPipe;
  readonly stderr: ScriptPipe;
  /** The exit code, unsigned as Windows has it. */
  readonly exited: Promise<number>;
  /** As Windows has it in this moment. */
  isRunning(): boolean;
  /** From now on its end is looked for as often as right after its start. */
  hurry(): void;
}

/** Throws if Windows refuses; nothing is left then. */
export function startWithToken(spec: TokenProcessSpec): TokenProcess {
  const { environment, directory } = spec.prepare(() => environmentOf(spec.token));
  const job = new Job();
  const pipes: ScriptPipe[] = [];
  try {
    const [stdin, stdout, stderr] = [open(pipes), open(pipes), open(pipes)];
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
    intoJob(job, created);
    return { pid: created.dwProcessId, job, stdin, stdout, stderr, ...whenEnded(created.hProcess) };
  } catch (error) {
    job.release();
    for (const pipe of pipes) pipe.close();
    throw error;
  } finally {
    // The script has its own copies now.
    for (const pipe of pipes) native().CloseHandle(pipe.handle);
  }
}

function open(pipes: ScriptPipe[]): ScriptPipe {
  const pipe = openScriptPipe();
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

function whenEnded(process: Handle): Pick<TokenProcess, 'exited' | 'isRunning' | 'hurry'> {
  let isOpen = true;
  let sinceMs = performance.now();
  const exited = new Promise<number>((resolve) => {
    const look = () => {
      const code = exitCodeOf(process);
      if (code === null) {
        const runsMs = performance.now() - sinceMs;
        setTimeout(look, LOOKS.find(({ untilMs }) => runsMs < untilMs)?.everyMs);
        return;
      }
      isOpen = false;
      native().CloseHandle(process);
      resolve(code);
    };
    look();
  });
  const hurry = () => {
    sinceMs = performance.now();
  };
  return { exited, isRunning: () => isOpen && exitCodeOf(process) === null, hurry };
}
