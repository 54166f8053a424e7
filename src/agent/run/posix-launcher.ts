/**
 * Starts scripts on Linux and other Unix systems: in a process group and session of their own, marked, below normal
 * priority, their output on real pipes. The script runs when the start returns, so pid and start time are known at once.
 */
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from '../../base/logger.ts';
import { openPipe, type PipeEnds } from '../../platform/posix-pipe.ts';
import { posixSpawn, preparePosixSpawn } from '../../platform/posix-spawn.ts';
import { type Priority, setPriority } from '../../platform/priority.ts';
import { endTree, isRunning, processStart } from '../../platform/process-tree.ts';
import { type Environment, markerAssignment, withMarker, withShellDefaults } from './child-env.ts';
import { exitOf, feed, follow, settled } from './child-streams.ts';
import { type FoundShell, findPosixShell } from './find-shell.ts';
import { type Exit, failedLaunch, type Launcher, type LaunchOutcome, type LaunchSpec } from './launcher.ts';
import { spawnFailure } from './spawn-failure.ts';

export interface PosixLauncherOptions {
  /** As `scriptEnvironment` made it. */
  readonly environment: Environment;
  /** `[run] allow_colors`; absent: no. */
  readonly allowColors?: boolean;
  readonly priority: Priority;
  /** Hears of what could not be ended. */
  readonly log?: Logger;
}

/** A child that was started, by whichever way. */
interface Child {
  readonly pid: number | null;
  readonly exited: Promise<Exit>;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

export class PosixLauncher implements Launcher {
  readonly #options: PosixLauncherOptions;
  /** The environment of a shell's scripts as the system takes it, without the marker. */
  readonly #assignments = new Map<string, readonly string[]>();
  /** Where each shell was found the last time it could be started. */
  readonly #paths = new Map<string, string>();

  constructor(options: PosixLauncherOptions) {
    this.#options = options;
  }

  launch(spec: LaunchSpec): LaunchOutcome {
    if (spec.runAs !== 'system') {
      return { kind: 'unsupported', why: `run_as ${spec.runAs} needs Windows` };
    }
    const child = preparePosixSpawn() ? this.#spawn(spec) : this.#spawnByNode(spec);
    if (typeof child === 'string') return failedLaunch(child);
    const { pid } = child;
    let isAlive = true;
    child.exited.then(
      () => {
        isAlive = false;
      },
      () => {},
    );
    const startTime = identityOf(pid, () => isAlive);
    if (pid !== null) setPriority(pid, this.#options.priority);
    const streams = [follow(child.stdout, spec.onStdout), follow(child.stderr, spec.onStderr)];
    if (spec.invocation.stdin !== null && spec.inputLater !== true) feed(child.stdin, spec.invocation.stdin);
    return {
      kind: 'launched',
      pid,
      startTime,
      isRunning: () => isAlive && pid !== null && isRunning(pid),
      feed: (input) => feed(child.stdin, input),
      exited: child.exited,
      drained: settled(streams.map((stream) => stream.ended)),
      killTree: async () => {
        const started = startTime();
        // Without it the pid of one that has ended may be somebody else's by now: then the marker alone finds what is left.
        const known = started === null && !isAlive ? null : pid;
        const marker = markerAssignment(spec.marker);
        const { left, why } = await endTree({ pid: known, startTime: started, marker, isOwnChild: () => isAlive });
        if (left.length > 0 || why !== undefined) {
          this.#options.log?.error('processes of a script could not be ended', { result_id: spec.marker, left, why });
        }
      },
      release: () => {
        for (const stream of streams) stream.close();
        child.stdin?.destroy();
      },
    };
  }

  #shellFor(name: string): FoundShell {
    const known = this.#paths.get(name);
    return known === undefined ? findPosixShell(name, this.#options.environment) : { found: true, file: known };
  }

  /** By `posix_spawn`. A text says why it failed. */
  #spawn(spec: LaunchSpec): Child | string {
    const { file, args, stdin } = spec.invocation;
    const shell = this.#shellFor(file);
    if (!shell.found) return spawnFailure(errorWithCode('ENOENT'), spec, shell.passedOver);
    const path = shell.file;
    const pipes: PipeEnds[] = [];
    for (let wanted = stdin === null ? 2 : 3; wanted > 0; wanted--) {
      const pipe = openPipe();
      if (pipe === null) return this.#giveUp(pipes, 'EMFILE', spec);
      pipes.push(pipe);
    }
    const [out, err, input] = pipes;
    if (out === undefined || err === undefined) return this.#giveUp(pipes, 'EMFILE', spec);
    const spawned = posixSpawn({
      file: path,
      args,
      env: [...this.#assignmentsOf(file), markerAssignment(spec.marker)],
      cwd: spec.cwd,
      stdinFd: input?.readFd ?? null,
      stdoutFd: out.writeFd,
      stderrFd: err.writeFd,
    });
    if (!spawned.ok) {
      this.#paths.delete(file);
      return this.#giveUp(pipes, spawned.code, spec);
    }
    this.#paths.set(file, path);
    for (const fd of [out.writeFd, err.writeFd, input?.readFd]) if (fd !== undefined) closeSync(fd);
    return {
      pid: spawned.pid,
      exited: spawned.ended,
      stdin: input === undefined ? null : new Socket({ fd: input.writeFd, readable: false, writable: true }),
      stdout: readerOf(out),
      stderr: readerOf(err),
    };
  }

  /** Made once: a new one for each start is slow. */
  #assignmentsOf(shell: string): readonly string[] {
    const known = this.#assignments.get(shell);
    if (known !== undefined) return known;
    const environment = withShellDefaults(this.#options.environment, shell, this.#options.allowColors);
    const made = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    this.#assignments.set(shell, made);
    return made;
  }

  #giveUp(pipes: readonly PipeEnds[], code: string, spec: LaunchSpec): string {
    for (const { readFd, writeFd } of pipes) {
      closeSync(readFd);
      closeSync(writeFd);
    }
    return spawnFailure(errorWithCode(code), spec);
  }

  /** By Node, where there is no native code for this system. */
  #spawnByNode(spec: LaunchSpec): Child | string {
    const { file, args, stdin } = spec.invocation;
    const shell = this.#shellFor(file);
    if (!shell.found) return spawnFailure(errorWithCode('ENOENT'), spec, shell.passedOver);
    try {
      const child = spawn(shell.file, args, {
        ...(spec.cwd === null ? {} : { cwd: spec.cwd }),
        env: withMarker(
          withShellDefaults(this.#options.environment, spec.invocation.file, this.#options.allowColors),
          spec.marker,
        ),
        stdio: [stdin === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        detached: true,
      });
      const { stdin: input, stdout, stderr } = child;
      return { pid: child.pid ?? null, exited: exitOf(child, spec), stdin: input, stdout, stderr };
    } catch (error) {
      // What Node finds wrong before it forks: an argument too long (E2BIG), a NUL character.
      return spawnFailure(error, spec);
    }
  }
}

/** The start time of a child, read while it lives; again, where it could not be told. */
function identityOf(pid: number | null, isAlive: () => boolean): () => string | null {
  let known: string | null = null;
  return () => {
    if (known === null && pid !== null && isAlive()) known = processStart(pid);
    return known;
  };
}

function readerOf(pipe: PipeEnds): Readable {
  return new Socket({ fd: pipe.readFd, readable: true, writable: false });
}

function errorWithCode(code: string): Error {
  return Object.assign(new Error(`the process could not be started (${code})`), { code });
}
