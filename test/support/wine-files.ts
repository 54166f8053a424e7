/**
 * Files as another account of a PC would have them, for tests on Windows under wine. It keeps owners and access lists as those of
 * Unix: `chown` makes a stranger of an owner, `chmod` lets everybody write, and a link of Unix is one that leads elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { untrusted } from '../../src/platform/windows/secure-directory.ts';
import { eventually } from './eventually.ts';

const SOMEBODY = '12345';

/** Goes with the test, links included; neither Node nor wine's own programs can take those away. */
export function wineTempDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-test-'));
  onTestFinished(() => unix('rm', '-rf', unixPath(directory)));
  return directory;
}

export async function givenToSomebody(path: string): Promise<void> {
  unix('chown', SOMEBODY, unixPath(path));
  await eventually(() => expect(untrusted(path)).toContain('belongs to'));
}

export async function openedToAll(path: string): Promise<void> {
  unix('chmod', '0777', unixPath(path));
  await eventually(() => expect(untrusted(path)).toContain('can be changed by'));
}

/** Makes `path` a link to `target`. */
export async function linked(target: string, path: string): Promise<void> {
  const name = path.slice(path.lastIndexOf('\\') + 1);
  unix('ln', '-s', unixPath(target), `${unixPath(join(path, '..'))}/${name}`);
  await eventually(() => expect(existsSync(path)).toBe(true));
}

function unixPath(path: string): string {
  return execFileSync('winepath.exe', ['-u', path]).toString().trim();
}

/** wine does not wait for it. */
function unix(program: string, ...args: string[]): void {
  execFileSync('start.exe', ['/unix', `/usr/bin/${program}`, ...args]);
}
