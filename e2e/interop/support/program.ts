/** The original's programs as child processes. Invariant: none of them outlives its test or sees settings of this machine. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { withoutKanade } from '../../../scripts/lib/agent-process.ts';
import { findInteropTools } from '../../../scripts/lib/interop-tools.ts';

const KEPT_LOG_CHARS = 16_000;
const CALL_MS = 60_000;
const STAND_INS = fileURLToPath(new URL('../stand-ins', import.meta.url));

/** One of `kanade`, `kanade-agent`, `kanade-backend`. */
function pathOf(name: string): string {
  const directory = process.env.KANADE_TRAY_INTEROP_BIN ?? findInteropTools();
  if (directory === undefined) throw new Error('kanade 0.29.0 is not built yet: "npm run test:interop" does it');
  return join(directory, name);
}

/** The same stand-ins for `powershell` and `cmd` come first on the PATH of both agents. */
export const standInPath: NodeJS.ProcessEnv = { PATH: [STAND_INS, process.env.PATH ?? ''].join(delimiter) };

/** Where the worker ends without finishing its test. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class Program {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #died = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #log = '';
  #asked = false;

  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = name;
    this.#args = args;
    this.#env = { ...withoutKanade(process.env), ...env };
    onTestFinished(() => this.kill());
  }

  /** The end of what it wrote. */
  get log(): string {
    return this.#log;
  }

  /** Resolves when it ends unasked. */
  get died(): Promise<void> {
    return this.#died.promise;
  }

  start(): void {
    const child = spawn(pathOf(this.#name), this.#args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    living.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-KEPT_LOG_CHARS);
      });
    }
    child.on('error', (error) => {
      this.#log += error.message;
    });
    child.on('exit', () => {
      this.#child = undefined;
      living.delete(child);
      if (!this.#asked) this.#died.resolve();
    });
  }

  /** SIGKILL: the original ends at once on SIGTERM too (D37). Its scripts are left to themselves. */
  async kill(): Promise<void> {
    this.#asked = true;
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the programs to its end; whatever its exit code is a value. */
export function call(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Called> {
  return new Promise((resolve) => {
    const options = { env: { ...withoutKanade(process.env), ...env }, timeout: CALL_MS };
    execFile(pathOf(name), args, options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
