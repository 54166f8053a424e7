/**
 * Starts scripts on Linux and other Unix systems: in a process group and session of their own, marked, below normal
 * priority, their output on real pipes. Node's `spawn` returns when the child runs, so pid and start time are known at once.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { openPipe, type PipeEnds } from '../os/posix-pipe.ts';
import { endTree, processStart } from '../os/process-tree.ts';
import { type Environment, markerAssignment, withMarker } from './child-env.ts';
import { exitOf, feed, follow, lowerPriority } from './child-streams.ts';
import { posixShell } from './find-shell.ts';
import { failedLaunch, type Launcher, type LaunchOutcome, type LaunchSpec } from './launcher.ts';
import { spawnFailure } from './spawn-failure.ts';

export interface PosixLauncherOptions {
  /** As `scriptEnvironment` made it. */
  readonly environment: Environment;
  readonly belowNormalPriority: boolean;
}

export class PosixLauncher implements Launcher {
  readonly #options: PosixLauncherOptions;

  constructor(options: PosixLauncherOptions) {
    this.#options = options;
  }

  launch(spec: LaunchSpec): LaunchOutcome {
    if (spec.runAs !== 'system') {
      return { kind: 'unsupported', why: `run_as ${spec.runAs} needs Windows` };
    }
    const pipes = [openPipe(), openPipe()] as const;
    try {
      return this.#spawn(spec, pipes);
    } catch (error) {
      // What Node finds wrong before it forks: an argument too long (E2BIG), a NUL character.
      for (const pipe of pipes) if (pipe !== null) closeSync(pipe.readFd);
      return failedLaunch(spawnFailure(error, spec));
    } finally {
      for (const pipe of pipes) if (pipe !== null) closeSync(pipe.writeFd);
    }
  }

  #spawn(spec: LaunchSpec, [outPipe, errPipe]: readonly [PipeEnds | null, PipeEnds | null]): LaunchOutcome {
    const { args, stdin } = spec.invocation;
    const file = posixShell(spec.invocation.file, this.#options.environment);
    const stdio: StdioOptions = [
      stdin === null ? 'ignore' : 'pipe',
      outPipe === null ? 'pipe' : outPipe.writeFd,
      errPipe === null ? 'pipe' : errPipe.writeFd,
    ];
    const cwd = spec.cwd ?? undefined;
    const child = spawn(file, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: withMarker(this.#options.environment, spec.marker),
      stdio,
      detached: true,
    });
    const streams = [
      follow(outPipe === null ? child.stdout : readerOf(outPipe), spec.onStdout),
      follow(errPipe === null ? child.stderr : readerOf(errPipe), spec.onStderr),
    ];
    const exited = exitOf(child, spec);
    const pid = child.pid ?? null;
    const startTime = pid === null ? null : processStart(pid);
    if (pid !== null && this.#options.belowNormalPriority) lowerPriority(pid);
    if (stdin !== null) feed(child.stdin, stdin);
    return {
      kind: 'launched',
      pid,
      startTime,
      exited,
      drained: Promise.all(streams.map((stream) => stream.ended)).then(() => {}),
      killTree: async () => {
        if (pid !== null) await endTree({ pid, startTime, marker: markerAssignment(spec.marker) });
      },
      release: () => {
        for (const stream of streams) stream.close();
        child.stdin?.destroy();
      },
    };
  }
}

function readerOf(pipe: PipeEnds): Readable {
  return new Socket({ fd: pipe.readFd, readable: true, writable: false });
}
