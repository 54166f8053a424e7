/** A Debian for a test file: a layer over the one that was set up. Everything of it ends with the test file. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';

interface Given {
  readonly roots: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<'current' | 'next', string>>;
}

/** What `npm run test:installer` has made; null: nothing for Debian. */
export const DEBIAN: Given | null = JSON.parse(process.env.KANADE_TRAY_DEBIAN_TESTS ?? 'null');

export interface Ended {
  readonly code: number;
  readonly output: string;
}

const TIMEOUT_MS = 120_000;

/** What holds the layers together: everything of them ends with its process. */
export interface Held {
  readonly holder: ChildProcess;
  /** What begins a command line that runs inside. */
  readonly inside: readonly string[];
  /** The root of it, as a path of ours. */
  readonly root: string;
}

export class Debian {
  readonly #directory: string;
  readonly #held: Held;
  readonly #children = new Set<ChildProcess>();

  private constructor(directory: string, held: Held) {
    this.#directory = directory;
    this.#held = held;
  }

  static async create(
    lower: string,
    hold: (lower: string, directory: string) => Promise<Held> = holdMounts,
  ): Promise<Debian> {
    const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-debian-'));
    for (const name of ['upper', 'work', 'merged', 'packages']) mkdirSync(join(directory, name));
    return new Debian(directory, await hold(lower, directory));
  }

  /** Puts a package of ours into `/packages`. */
  addPackage(file: string): string {
    const name = file.slice(file.lastIndexOf('/') + 1);
    execFileSync('cp', [file, join(this.#directory, 'packages', name)]);
    return `/packages/${name}`;
  }

  run(script: string, timeoutMs = TIMEOUT_MS): Promise<Ended> {
    return this.start(script, timeoutMs).ended;
  }

  start(script: string, timeoutMs = 600_000): { readonly ended: Promise<Ended>; kill(signal: NodeJS.Signals): void } {
    const [program = '', ...args] = this.#held.inside;
    const child = spawn(program, [...args, 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    this.#children.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        this.#children.delete(child);
        resolve({ code: code ?? -1, output });
      });
    });
    return { ended, kill: (signal) => void child.kill(signal) };
  }

  /** As a path of ours, by way of the process that sees it. */
  path(inside: string): string {
    return join(this.#held.root, inside);
  }

  put(inside: string, content: string): void {
    mkdirSync(dirname(this.path(inside)), { recursive: true });
    writeFileSync(this.path(inside), content);
  }

  has(inside: string): boolean {
    return existsSync(this.path(inside));
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }

  names(inside: string): string[] {
    return existsSync(this.path(inside)) ? readdirSync(this.path(inside)).sort() : [];
  }

  dispose(): void {
    for (const child of [...this.#children, this.#held.holder]) child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The mounts alone: who enters sees a directory with Debian in it. One process holds them, and they go with it. */
async function holdMounts(lower: string, directory: string): Promise<Held> {
  const at = (name: string) => join(directory, name);
  const merged = at('merged');
  const mounts = [
    `mount -t overlay overlay -o lowerdir=${lower},upperdir=${at('upper')},workdir=${at('work')} ${merged}`,
    ...['/proc', '/dev'].map((path) => `mount --rbind ${path} ${merged}${path}`),
    `mkdir -p ${merged}/packages`,
    `mount --bind ${at('packages')} ${merged}/packages`,
    `touch ${at('mounted')}`,
  ];
  const holder = spawn('unshare', ['--mount', 'sh', '-c', `${mounts.join(' && ')} && exec sleep infinity`], {
    stdio: 'ignore',
  });
  await eventually(() => expect(existsSync(at('mounted'))).toBe(true));
  const inside = ['nsenter', '-t', String(holder.pid), '--mount', 'chroot', merged];
  return { holder, inside, root: join('/proc', String(holder.pid), 'root', merged) };
}
