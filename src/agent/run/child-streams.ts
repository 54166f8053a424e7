/** What the launchers share in following a child that runs: its output, its input, its end. */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Exit, LaunchSpec, OutputSink } from './launcher.ts';
import { spawnFailure } from './spawn-failure.ts';

export interface Followed {
  /** The stream has reached its end, or was given up. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

/** Resolves when all of them have ended, however. Nobody may be waiting yet, so it never rejects. */
export async function settled(all: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(all);
}

/** Gives what arrives to `sink`, and rests as long as it says: a flood must not take the agent's core. */
export function follow(stream: Readable | null, sink: OutputSink): Followed {
  if (stream === null) return { ended: Promise.resolve(), close() {} };
  let resting: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Buffer) => {
    const restMs = sink(chunk);
    if (restMs <= 0) return;
    stream.pause();
    resting = setTimeout(() => stream.resume(), restMs);
  });
  // A broken pipe ends the output; what was read until then stands.
  stream.on('error', () => {});
  const ended = new Promise<void>((resolve) => stream.once('close', resolve));
  const close = () => {
    clearTimeout(resting);
    stream.destroy();
  };
  return { ended, close };
}

/** The script may end without having read its input (EPIPE): that is its own affair. */
export function feed(stream: Writable | null, text: string): void {
  stream?.on('error', () => {});
  stream?.end(text);
}

/** How a child of Node's `spawn` ends, or why it never began. */
export function exitOf(child: ChildProcess, spec: Pick<LaunchSpec, 'invocation' | 'cwd'>): Promise<Exit> {
  return new Promise((resolve) => {
    // Node also reports a signal that could not be sent; that is no end.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ kind: 'spawn-failed', why: spawnFailure(error, spec) });
    });
    child.once('exit', (code, signal) => {
      // Windows has unsigned codes, the wire an i32.
      resolve(signal === null ? { kind: 'exited', code: (code ?? 0) | 0 } : { kind: 'signalled', signal });
    });
  });
}
