/**
 * Starts a process with the rights of a token. It is created suspended and put into its job before its first instruction, so
 * nothing it starts can get away.
 */
import type { Priority } from '../priority.ts';
import { encodeBlock, environmentOf } from './environment-block.ts';
import { Job } from './job.ts';
import { type Handle, lastError, native, type ProcessInformation, startupInfoBytes, wideText } from './native.ts';
import { openScriptPipe, type ScriptPipe } from './script-pipe.ts';

const CREATE_SUSPENDED = 0x0000_0004;
const CREATE_UNICODE_ENVIRONMENT = 0x0000_0400;
const PRIORITY_CLASSES: Readonly<Record<Priority, number>> = { idle: 0x40, below_normal: 0x4000, normal: 0 };
const CREATE_NO_WINDOW = 0x0800_0000;
const STARTF_USESTDHANDLES = 0x0000_0100;
const WAIT_TIMEOUT = 258;
/** Node can't wait for a foreign process; a look now and then costs next to nothing, and these runs are rare. */
const LOOK_EVERY_MS = 50;

export interface TokenProcessSpec {
  /** Closed by the caller. */
  readonly token: Handle;
  readonly file: string;
  /** Whole and quoted. */
  readonly commandLine: string;
  /** Makes the process's environment and directory of the account's own environment. */
  readonly prepare: (account: Readonly<Record<string, string>>) => {
    readonly environment: Readonly<Record<string, string>>;
    readonly directory: string | null;
  };
  readonly priority: Priority;
}

export interface TokenProcess {
  readonly pid: number;
  readonly job: Job;
  readonly stdin: ScriptPipe;
  readonly stdout: ScriptPipe;
  readonly stderr: ScriptPipe;
  /** The exit code, unsigned as Windows has it. */
  readonly exited: Promise<number>;
}

/** Throws if Windows refuses; nothing is left then. */
export function startWithToken(spec: TokenProcessSpec): TokenProcess {
  const { environment, directory } = spec.prepare(environmentOf(spec.token));
  const job = new Job();
  const pipes: ScriptPipe[] = [];
  try {
    const [stdin, stdout, stderr] = [open(pipes), open(pipes), open(pipes)];
    const created = create(spec, encodeBlock(environment), directory, { stdin, stdout, stderr });
    intoJob(job, created);
    return { pid: created.dwProcessId, job, stdin, stdout, stderr, exited: exitOf(created.hProcess) };
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

function create(
  spec: TokenProcessSpec,
  environment: Buffer,
  directory: string | null,
  pipes: Pick<TokenProcess, 'stdin' | 'stdout' | 'stderr'>,
): ProcessInformation {
  const startup = {
    cb: startupInfoBytes(),
    lpDesktop: 'winsta0\\default',
    dwFlags: STARTF_USESTDHANDLES,
    hStdInput: pipes.stdin.handle,
    hStdOutput: pipes.stdout.handle,
    hStdError: pipes.stderr.handle,
  };
  const priority = PRIORITY_CLASSES[spec.priority];
  const flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW | priority;
  const created: ProcessInformation = { hProcess: 0, hThread: 0, dwProcessId: 0 };
  const commandLine = wideText(spec.commandLine);
  const inherit = 1;
  const ok = native().CreateProcessAsUserW(
    spec.token,
    spec.file,
    commandLine,
    null,
    null,
    inherit,
    flags,
    environment,
    directory,
    startup,
    created,
  );
  if (ok === 0) throw lastError('CreateProcessAsUser');
  return created;
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

function exitOf(process: Handle): Promise<number> {
  return new Promise((resolve) => {
    const look = () => {
      if (native().WaitForSingleObject(process, 0) === WAIT_TIMEOUT) return void setTimeout(look, LOOK_EVERY_MS);
      const code: [number] = [0];
      native().GetExitCodeProcess(process, code);
      native().CloseHandle(process);
      resolve(code[0]);
    };
    look();
  });
}
