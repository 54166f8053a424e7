/**
 * Starts scripts on Windows with the rights of a token (protocol §4.5), each in a Job Object that ends its whole tree, before its
 * first instruction. Node's `spawn` can do neither.
 */
import { atEnd } from '../../base/at-end.ts';
import { encodeOem } from '../../platform/oem-code-page.ts';
import type { Priority } from '../../platform/priority.ts';
import { consoleSessionId, userSession } from '../../platform/sessions.ts';
import { native } from '../../platform/windows/native.ts';
import { ownSid, sidOf } from '../../platform/windows/sids.ts';
import { PERSONS_DESKTOP, startWithToken, type TokenProcess } from '../../platform/windows/token-process.ts';
import { ownTokenIn, profileOf, userToken } from '../../platform/windows/tokens.ts';
import { BatchFiles } from './batch-file.ts';
import { accountEnvironment, type Environment, withMarker, withShellDefaults } from './child-env.ts';
import { feed, follow, settled } from './child-streams.ts';
import { commandLine, quoteArgument } from './command-line.ts';
import { findWindowsShell } from './find-shell.ts';
import { failedLaunch, type Launched, type Launcher, type LaunchOutcome, type LaunchSpec } from './launcher.ts';
import { cmdArguments, cmdArgumentsInUtf8 } from './shell.ts';
import { nulProblem, shellNotFound, spawnFailure } from './spawn-failure.ts';
import { windowsDirectory } from './working-directory.ts';

export interface WindowsLauncherOptions {
  /** As `scriptEnvironment` made it. */
  readonly environment: Environment;
  /** `[run] allow_colors`; absent: no. */
  readonly allowColors?: boolean;
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
    const { invocation } = spec;
    const shell = findWindowsShell(invocation.file, this.#options.environment);
    if (!shell.found) return failedLaunch(shellNotFound(invocation.file, shell.passedOver));
    // Windows finds nothing wrong with it, and takes what stands before it.
    const nul = nulProblem(spec);
    if (nul !== null) return failedLaunch(nul);
    if (invocation.args.reduce((sum, arg) => sum + arg.length, 0) >= MAX_COMMAND_LINE_UNITS) {
      return failedLaunch(`the script is too long for the command line of "${invocation.file}"`);
    }
    try {
      return this.#spawnAs(spec, shell.file);
    } catch (error) {
      return failedLaunch(spawnFailure(error, { ...spec, cwd: this.#directoryOf(spec) }));
    }
  }

  /** As it would be for ourselves, so that what is wrong with it can be said; that of another account can't be looked into. */
  #directoryOf({ runAs, cwd }: LaunchSpec): string | null {
    const { environment } = this.#options;
    return runAs === 'system' && cwd !== null ? windowsDirectory(cwd, { environment, profile: null }) : null;
  }

  /** Starts with the arguments quoted as the program reads them; a batch file lasts as long as its script. */
  #withArguments(
    { invocation }: LaunchSpec,
    reader: () => string,
    start: (args: readonly string[]) => Launched,
  ): Launched {
    const { file, args, batch } = invocation;
    if (batch === undefined) return start(file === 'cmd' ? reachable(args) : args.map(quoteArgument));
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

  #spawnAs(spec: LaunchSpec, file: string): Launched {
    const { runAs, cwd, marker } = spec;
    const { environment, priority } = this.#options;
    const token = runAs === 'user' ? signedInUserToken() : ownTokenIn(runAs === 'system_gui' ? presentConsole() : null);
    using _ = atEnd(() => native().CloseHandle(token));
    const start = (args: readonly string[]) =>
      startWithToken({
        token,
        file,
        commandLine: commandLine(file, args),
        priority,
        // Our own desktop is that of a service, which nobody sees.
        desktop: runAs === 'system' ? null : PERSONS_DESKTOP,
        prepare: (accountOf) => {
          const account =
            runAs === 'system'
              ? { environment, profile: null }
              : { environment: accountOf(), profile: cwd === null ? null : profileOf(token) };
          const own = runAs === 'system' ? environment : accountEnvironment(account.environment);
          return {
            environment: withMarker(withShellDefaults(own, spec.invocation.file, this.#options.allowColors), marker),
            directory: cwd === null ? null : windowsDirectory(cwd, account),
          };
        },
      });
    const reader = runAs === 'system' ? ownSid : () => sidOf(token);
    return this.#withArguments(spec, reader, (args) => launchedWithToken(start(args), spec));
  }
}

/** Makes a {@link Launched} of a process that `startWithToken` started. */
export function launchedWithToken(started: TokenProcess, spec: LaunchSpec): Launched {
  const followed = [
    started.stdout.socket.then((socket) => follow(socket, spec.onStdout)),
    started.stderr.socket.then((socket) => follow(socket, spec.onStderr)),
  ];
  const give = (input: string) => {
    started.stdin.socket.then((socket) => feed(socket, input)).catch(() => {});
  };
  if (spec.inputLater !== true) give(spec.invocation.stdin ?? '');
  return {
    kind: 'launched',
    pid: started.pid,
    startTime: () => null,
    isRunning: () => started.isRunning(),
    feed: give,
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

/** `cmd` says a `?` for what its code page has not. */
function reachable(args: readonly string[]): readonly string[] {
  return encodeOem(args.join(' ')) === null ? cmdArgumentsInUtf8(args) : args;
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
