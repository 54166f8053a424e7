/**
 * Starts scripts on Windows, each in a Job Object that ends its whole tree. As the agent's own account by Node's `spawn`; as
 * somebody else by `CreateProcessAsUser` (protocol §4.5), which Node does not have.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Priority, setPriority } from '../os/priority.ts';
import { consoleSessionId, userSession } from '../os/sessions.ts';
import { Job } from '../os/windows/job.ts';
import { native } from '../os/windows/native.ts';
import { ownSid, sidOf } from '../os/windows/sids.ts';
import { startWithToken, type TokenProcess } from '../os/windows/token-process.ts';
import { ownTokenIn, userToken } from '../os/windows/tokens.ts';
import type { RunAs } from '../wire/command.ts';
import { BatchFiles } from './batch-file.ts';
import { type Environment, scriptEnvironment, withMarker } from './child-env.ts';
import { exitOf, feed, follow, settled } from './child-streams.ts';
import { commandLine, quoteArgument, quoteProgram } from './command-line.ts';
import { findWindowsShell } from './find-shell.ts';
import { failedLaunch, type Launched, type Launcher, type LaunchOutcome, type LaunchSpec } from './launcher.ts';
import { cmdArguments } from './shell.ts';
import { shellNotFound, spawnFailure } from './spawn-failure.ts';
import { windowsDirectory } from './working-directory.ts';

export interface WindowsLauncherOptions {
  /** As `scriptEnvironment` made it. */
  readonly environment: Environment;
  readonly priority: Priority;
  /** Ours alone, for the batch files of scripts that run. */
  readonly batchDirectory: string;
}

/** Windows takes no longer command line, its NUL included. */
const MAX_COMMAND_LINE_UNITS = 32_767;

export class WindowsLauncher implements Launcher {
  readonly #options: WindowsLauncherOptions;
  readonly #batchFiles: BatchFiles;

  constructor(options: WindowsLauncherOptions) {
    this.#options = options;
    this.#batchFiles = new BatchFiles(options.batchDirectory);
  }

  launch(spec: LaunchSpec): LaunchOutcome {
    const { invocation, runAs } = spec;
    const file = findWindowsShell(invocation.file, this.#options.environment);
    if (file === null) return failedLaunch(shellNotFound(invocation.file));
    if (invocation.args.reduce((sum, arg) => sum + arg.length, 0) >= MAX_COMMAND_LINE_UNITS) {
      return failedLaunch(`the script is too long for the command line of "${invocation.file}"`);
    }
    try {
      if (runAs !== 'system') return this.#spawnAs(spec, file, runAs);
      return this.#withArguments(spec, ownSid, (args) => this.#spawn(spec, file, args));
    } catch (error) {
      return failedLaunch(spawnFailure(error, { ...spec, cwd: null }));
    }
  }

  /** Starts with the arguments quoted as the program reads them; a batch file lasts as long as its script. */
  #withArguments(
    { invocation }: LaunchSpec,
    reader: () => string,
    start: (args: readonly string[]) => Launched,
  ): Launched {
    const { file, args, batch } = invocation;
    if (batch === undefined) return start(file === 'cmd' ? args : args.map(quoteArgument));
    const written = this.#batchFiles.write(batch, reader());
    try {
      // `/Q`: a batch file shows each of its lines else.
      const launched = start(['/Q', ...cmdArguments(`"${written.path}"`)]);
      const release = () => {
        launched.release();
        written.remove();
      };
      return { ...launched, release };
    } catch (error) {
      written.remove();
      throw error;
    }
  }

  #spawn(spec: LaunchSpec, file: string, args: readonly string[]): Launched {
    const { environment, priority } = this.#options;
    const cwd = spec.cwd === null ? null : windowsDirectory(spec.cwd, environment);
    const child = spawn(file, args, {
      argv0: quoteProgram(file),
      windowsVerbatimArguments: true,
      windowsHide: true,
      env: withMarker(environment, spec.marker),
      stdio: [spec.invocation.stdin === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(cwd === null ? {} : { cwd }),
    });
    const job = child.pid === undefined ? null : jobAround(child.pid);
    if (child.pid !== undefined) setPriority(child.pid, priority);
    const streams = [follow(child.stdout, spec.onStdout), follow(child.stderr, spec.onStderr)];
    if (spec.invocation.stdin !== null) feed(child.stdin, spec.invocation.stdin);
    return {
      kind: 'launched',
      pid: child.pid ?? null,
      startTime: () => null,
      exited: exitOf(child, { ...spec, cwd }),
      drained: settled(streams.map((stream) => stream.ended)),
      killTree: () => (job === null ? endAlone(child) : job.terminate()),
      release: () => {
        for (const stream of streams) stream.close();
        child.stdin?.destroy();
        job?.release();
      },
    };
  }

  #spawnAs(spec: LaunchSpec, file: string, runAs: Exclude<RunAs, 'system'>): Launched {
    const token = runAs === 'user' ? signedInUserToken() : ownTokenIn(presentConsole());
    try {
      const start = (args: readonly string[]) =>
        startWithToken({
          token,
          file,
          commandLine: commandLine(file, args),
          priority: this.#options.priority,
          prepare: (account) => ({
            environment: withMarker(scriptEnvironment(account, 'win32'), spec.marker),
            directory: spec.cwd === null ? null : windowsDirectory(spec.cwd, account),
          }),
        });
      return this.#withArguments(
        spec,
        () => sidOf(token),
        (args) => launchedWithToken(start(args), spec),
      );
    } finally {
      native().CloseHandle(token);
    }
  }
}

/** Makes a {@link Launched} of a process that `startWithToken` started. */
export function launchedWithToken(started: TokenProcess, spec: LaunchSpec): Launched {
  const followed = [
    started.stdout.socket.then((socket) => follow(socket, spec.onStdout)),
    started.stderr.socket.then((socket) => follow(socket, spec.onStderr)),
  ];
  started.stdin.socket.then((socket) => feed(socket, spec.invocation.stdin ?? '')).catch(() => {});
  return {
    kind: 'launched',
    pid: started.pid,
    startTime: () => null,
    exited: started.exited.then((code) => ({ kind: 'exited', code: code | 0 })),
    drained: settled(followed.map(async (stream) => (await stream).ended)),
    killTree: () => started.job.terminate(),
    release: () => {
      for (const stream of followed) stream.then(({ close }) => close()).catch(() => {});
      for (const pipe of [started.stdin, started.stdout, started.stderr]) pipe.close();
      started.job.release();
    },
  };
}

/** The child has only just begun; what it could have started before this is nothing in practice. */
function jobAround(pid: number): Job | null {
  const job = new Job();
  if (job.assignPid(pid)) return job;
  job.release();
  return null;
}

function endAlone(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  return Promise.resolve();
}

function signedInUserToken(): number {
  const session = userSession();
  if (session === null) throw new Error('no user is signed in');
  return userToken(session.id);
}

function presentConsole(): number {
  const id = consoleSessionId();
  if (id === null) throw new Error('there is no console session');
  return id;
}
