/**
 * A PC with Windows (wine) for a test file: installers run on it, its power can go, and what is on it afterwards can be checked.
 * Invariant: everything of it ends with the test file, whatever happened to it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFailed } from 'vitest';
import { insideScript } from '../../scripts/lib/chroot.ts';
import { until } from '../../scripts/lib/waiting.ts';
import { TEMPLATE_PREFIX, WINE_ENVIRONMENT, WITH_DOTNET } from '../../scripts/lib/wine.ts';

interface Given {
  readonly wine: string;
  readonly node: string;
  readonly builds: { readonly current: Build; readonly next: Build; readonly broken: Build | null };
  /** Directories; null: there is none here. */
  readonly powershell: string | null;
  readonly nats: string | null;
}
export interface Build {
  readonly version: string;
  /** The installer. */
  readonly file: string;
  /** The package of an update. */
  readonly update: string;
}

/** What `npm run test:installer` has made. */
export const GIVEN: Given = JSON.parse(process.env.KANADE_TRAY_INSTALLER_TESTS ?? '{}');
export const { current, next } = GIVEN.builds;
const NONE: Build = { version: '', file: '', update: '' };
export const broken = GIVEN.builds.broken ?? NONE;

export interface Ended {
  /** null: it could not be started. */
  readonly code: number | null;
  readonly output: string;
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** With a console, a hidden one, without which PowerShell says nothing; what it leaves running then ends with it. */
  readonly hasConsole?: boolean;
}

export interface PcOptions {
  /** Directories of ours by their paths on the machine around it (`Z:`). */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Programs of .NET run on it. */
  readonly hasDotnet?: boolean;
}

const PROGRAM_FILES = 'C:\\Program Files\\Kanade Tray';
const SMALL_DISK = 'small/d';
const TIMEOUT_MS = 180_000;
const POLL_EVERY_MS = 50;

export class Pc {
  /** Ours; `/pc` inside, `Z:\pc` for Windows. */
  readonly directory: string;
  readonly #options: PcOptions;
  #count = 0;
  #shownFor = '';

  private constructor(directory: string, options: PcOptions) {
    this.directory = directory;
    this.#options = options;
  }

  static create(options: PcOptions = {}): Pc {
    mkdirSync(join(GIVEN.wine, 'pcs'), { recursive: true });
    const directory = mkdtempSync(join(GIVEN.wine, 'pcs', 'pc-'));
    // Links: nobody writes to the files of Windows. The registry is written in place, so it is copied.
    const template = join(GIVEN.wine, TEMPLATE_PREFIX);
    execFileSync('cp', ['-al', template, join(directory, 'prefix')]);
    for (const name of readdirSync(template).filter((each) => each.endsWith('.reg'))) {
      rmSync(join(directory, 'prefix', name));
      cpSync(join(template, name), join(directory, 'prefix', name));
    }
    cpSync(join(import.meta.dirname, 'run.mjs'), join(directory, 'run.mjs'));
    return new Pc(directory, options);
  }

  /** Our path of `C:\…`, or of `D:\…` ({@link withSmallDisk}). */
  path(windows: string): string {
    const drive = /^D:\\/i.test(windows) ? SMALL_DISK : join('prefix', 'drive_c');
    return join(this.directory, drive, ...windows.replace(/^[CD]:\\/i, '').split('\\'));
  }

  /** Does `work` on a PC on which the product goes to a disk of so many megabytes, `D:`. */
  async withSmallDisk(megabytes: number, work: () => Promise<void>): Promise<void> {
    // What runs already would not see the disk.
    await this.powerOff();
    const mount = join(this.directory, dirname(SMALL_DISK));
    mkdirSync(mount, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'none', mount]);
    // For wine a directory that is a mount leads elsewhere.
    mkdirSync(join(this.directory, SMALL_DISK));
    const letter = join(this.directory, 'prefix', 'dosdevices', 'd:');
    rmSync(letter, { force: true });
    symlinkSync(`/pc/${SMALL_DISK}`, letter);
    this.root = 'D:\\Kanade Tray';
    try {
      await work();
    } finally {
      await this.powerOff();
      this.root = PROGRAM_FILES;
      rmSync(letter);
      execFileSync('umount', [mount]);
    }
  }

  /** Runs to its end. `args`: as Windows gets them. */
  run(program: string, args = '', options: RunOptions = {}): Promise<Ended> {
    return this.start(program, args, options).ended;
  }

  start(program: string, args = '', options: RunOptions = {}): { ended: Promise<Ended> } {
    const { timeoutMs = TIMEOUT_MS, env = {}, hasConsole = false } = options;
    const name = `run-${++this.#count}`;
    const file = (kind: string) => join(this.directory, `${name}.${kind}`);
    writeFileSync(file('ask'), JSON.stringify({ program, args, env, hasConsole }));
    const inside = (kind: string) => `Z:/pc/${name}.${kind}`;
    const words = ['Z:/node/bin/node.exe', 'Z:/pc/run.mjs', inside('ask'), inside('answer'), inside('output')];
    const child = this.#inside(`exec wine ${words.join(' ')} > /pc/${name}.console 2>&1`);
    return { ended: this.#end(child, file, timeoutMs) };
  }

  async #end(child: ChildProcess, file: (kind: string) => string, timeoutMs: number): Promise<Ended> {
    const output = () => (existsSync(file('output')) ? readFileSync(file('output'), 'utf8') : '');
    let gone = false;
    child.on('exit', () => {
      gone = true;
    });
    const ended = () => {
      if (existsSync(file('answer'))) {
        const { code, error } = JSON.parse(readFileSync(file('answer'), 'utf8'));
        return { code, output: error ?? output() };
      }
      // The power went.
      return gone && { code: null, output: output() };
    };
    return until(`the end of ${readFileSync(file('ask'), 'utf8')}`, ended, { timeoutMs, everyMs: POLL_EVERY_MS });
  }

  /** What runs on it with this in its command line: numbers of ours. */
  processes(part: string): number[] {
    const { ino } = statSync(this.directory);
    const isHere = (pid: string) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(part) && statSync(`/proc/${pid}/root/pc`).ino === ino;
      } catch {
        return false;
      }
    };
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && isHere(pid))
      .map(Number);
  }

  /** What runs ends without a word; what is to start with Windows does so at the next run. */
  async powerOff(): Promise<void> {
    await new Promise((resolve) => this.#inside('wineserver -k; wineserver -w').on('exit', resolve));
  }

  async dispose(): Promise<void> {
    await this.powerOff();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Puts a file of ours on it; returns its Windows path. */
  put(windows: string, content: string): string {
    mkdirSync(join(this.path(windows), '..'), { recursive: true });
    writeFileSync(this.path(windows), content);
    return windows;
  }

  read(windows: string): string {
    return readFileSync(this.path(windows), 'utf8');
  }

  bytes(windows: string): Buffer {
    return this.has(windows) ? readFileSync(this.path(windows)) : Buffer.alloc(0);
  }

  has(windows: string): boolean {
    return existsSync(this.path(windows));
  }

  /** All files below, by their names from there on, sorted. */
  files(windows: string): string[] {
    const directory = this.path(windows);
    if (!existsSync(directory)) return [];
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(directory.length + 1)
          .replaceAll('/', '\\'),
      )
      .sort();
  }

  /** The values of a key below HKLM, keys below it as `sub\name`; null: it is not there. */
  async registry(key: string): Promise<Record<string, string> | null> {
    const { code, output } = await this.run('reg.exe', `query "HKLM\\${key}" /s /reg:64`);
    if (code !== 0) return null;
    const values: Record<string, string> = {};
    let at = '';
    for (const line of output.split(/\r?\n/)) {
      if (line.startsWith('HKEY_')) at = line.slice('HKEY_LOCAL_MACHINE\\'.length + key.length).replace(/^\\/, '');
      const match = /^\s{4}(.+?)\s{4}REG_(\w+)\s{4}(.*)$/.exec(line);
      if (match !== null) values[at === '' ? (match[1] ?? '') : `${at}\\${match[1]}`] = match[3] ?? '';
    }
    return values;
  }

  #inside(script: string): ChildProcess {
    const mounts = {
      '/pc': this.directory,
      '/node': GIVEN.node,
      '/builds': join(GIVEN.builds.current.file, '..', '..', '..'),
      ...this.#options.mounts,
    };
    const dotnet = this.#options.hasDotnet ? `${WITH_DOTNET}; ` : '';
    const all = `export WINEPREFIX=/pc/prefix; cd /pc; ${WINE_ENVIRONMENT}; ${dotnet}${script}`;
    return spawn('unshare', ['--mount', 'sh', '-c', insideScript(GIVEN.wine, all, mounts)], { stdio: 'ignore' });
  }

  // --- the product on it -----------------------------------------------------------------------------------------------

  root = PROGRAM_FILES;
  static readonly LOG = 'C:\\setup.log';

  /** Its Windows path. */
  installerOf({ version, file }: Build): string {
    return `Z:\\builds\\${version}\\release\\${file.slice(file.lastIndexOf('/') + 1)}`;
  }

  /** The installer of `build`, silently. */
  install(build: Build, parameters = '', options: RunOptions = {}): Promise<Ended> {
    return this.startInstall(build, parameters, options).ended;
  }

  startInstall(build: Build, parameters = '', options: RunOptions = {}): { ended: Promise<Ended> } {
    rmSync(this.path(Pc.LOG), { force: true });
    this.#showLogOfFailure();
    // The last one, and without quotes, as NSIS has it.
    const place = this.root === PROGRAM_FILES ? '' : ` /D=${this.root}`;
    return this.start(this.installerOf(build), `/S /LOG=${Pc.LOG} ${parameters}${place}`, options);
  }

  /** The last one, once a test. */
  #showLogOfFailure(): void {
    const { currentTestName } = expect.getState();
    if (currentTestName === undefined || currentTestName === this.#shownFor) return;
    this.#shownFor = currentTestName;
    onTestFailed(() => console.log(this.setupLog));
  }

  uninstall(parameters = '', options: RunOptions = {}): Promise<Ended> {
    rmSync(this.path(Pc.LOG), { force: true });
    return this.run(`${this.root}\\uninstall.exe`, `/allusers /S /LOG=${Pc.LOG} ${parameters}`, options);
  }

  get setupLog(): string {
    return this.has(Pc.LOG) ? this.read(Pc.LOG) : '';
  }

  get currentVersion(): string | null {
    const file = `${this.root}\\private\\current.json`;
    return this.has(file) ? JSON.parse(this.read(file)).version : null;
  }

  /** The versions that lie there. */
  get versions(): string[] {
    const directory = this.path(`${this.root}\\versions`);
    return existsSync(directory) ? readdirSync(directory).sort() : [];
  }

  async serviceState(name = 'KanadeTrayAgent'): Promise<string> {
    const { output } = await this.run('sc.exe', `query ${name}`);
    return /STATE\s*:\s*\d+\s+(\w+)/.exec(output)?.[1] ?? 'ABSENT';
  }
}
