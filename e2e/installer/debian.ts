/** A Debian for a test file: a layer over the one that was set up. Everything of it ends with the test file. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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

export class Debian {
  readonly #lower: string;
  readonly #directory: string;
  readonly #holder: ChildProcess;
  readonly #children = new Set<ChildProcess>();

  constructor(lower: string) {
    this.#lower = lower;
    this.#directory = mkdtempSync(join(tmpdir(), 'kanade-tray-debian-'));
    for (const name of ['upper', 'work', 'merged', 'packages']) mkdirSync(join(this.#directory, name));
    this.#holder = this.#mount();
  }

  /** One process holds all mounts, and they go with it. */
  #mount(): ChildProcess {
    const at = (name: string) => join(this.#directory, name);
    const merged = at('merged');
    const mounts = [
      `mount -t overlay overlay -o lowerdir=${this.#lower},upperdir=${at('upper')},workdir=${at('work')} ${merged}`,
      ...['/proc', '/dev'].map((path) => `mount --rbind ${path} ${merged}${path}`),
      `mkdir -p ${merged}/packages`,
      `mount --bind ${at('packages')} ${merged}/packages`,
      `touch ${at('mounted')}`,
    ];
    const holder = spawn('unshare', ['--mount', 'sh', '-c', `${mounts.join(' && ')} && exec sleep infinity`], {
      stdio: 'ignore',
    });
    while (!existsSync(at('mounted'))) execFileSync('sleep', ['0.05']);
    return holder;
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
    const inside = ['-t', String(this.#holder.pid), '--mount', 'chroot', join(this.#directory, 'merged')];
    const child = spawn('nsenter', [...inside, 'sh', '-c', script], {
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
    return join('/proc', String(this.#holder.pid), 'root', this.#directory, 'merged', inside);
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
    for (const child of [...this.#children, this.#holder]) child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
