/** How `packaging/linux/hand-over` tells that dpkg is still at work: by its lock, whatever somebody else has locked. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../test/support/temp.ts';

const SCRIPT = readFileSync(join(import.meta.dirname, '..', 'packaging', 'linux', 'hand-over'), 'utf8');
const FUNCTIONS = [...SCRIPT.matchAll(/^\w+\(\) \{\n.*?^\}$/gms)].map(([text]) => text).join('\n');

/** The number of a process of root's that has locked `file`, and has it open. */
async function holderOf(file: string): Promise<number> {
  writeFileSync(file, '');
  const child = spawn('flock', ['--no-fork', file, 'sh', '-c', 'echo locked; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill());
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

test.runIf(process.getuid?.() === 0)(
  'dpkg is who has its very lock, not who has locked a file of the same number on another file system',
  async () => {
    const directory = tempDir();
    const [locks, lock] = [join(directory, 'locks'), join(directory, 'lock')];
    const dpkg = await holderOf(lock);
    // By what the script is told of it, it lies on another file system.
    const other = await holderOf(join(directory, 'other'));
    const { ino } = statSync(lock);
    const row = (pid: number, device: string) => `1: POSIX  ADVISORY  WRITE ${pid} ${device}:${ino} 0 EOF\n`;
    const dpkgRuns = (table: string) => {
      writeFileSync(locks, table);
      const functions = FUNCTIONS.replaceAll('/proc/locks', locks).replaceAll('/var/lib/dpkg/', `${directory}/`);
      const script = `${functions}\nif dpkg_runs; then echo yes; else echo no; fi`;
      return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
    };
    expect(dpkgRuns('')).toBe('no');
    expect(dpkgRuns(row(dpkg, '08:01'))).toBe('yes');
    expect(dpkgRuns(row(other, '00:2a'))).toBe('no');
    expect(dpkgRuns(row(other, '00:2a') + row(dpkg, '08:01'))).toBe('yes');
  },
);
