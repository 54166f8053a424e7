/**
 * One set-up at a time on a PC. The lock is a file beside `Program Files\\Kanade Tray`, held open without sharing by
 * whoever has it (`installer/common.nsh` and `native/setup-host.c` use the same): nobody but the Administrators can make it or open
 * it, so nobody else can hold up a set-up. It stays there until the product is removed: of a file that goes with its last handle,
 * everybody who may look at its attributes could keep the name. Invariant: who can't have it does not go on.
 */
import { win32 } from 'node:path';
import { sleep } from '../../base/sleep.ts';
import { machineRegistry } from '../registry.ts';
import { PRIVATE_FILE, withAttributes } from './access.ts';
import { lastError } from './native.ts';
import { setupNative } from './setup-native.ts';
import { GENERIC_READ, INVALID_HANDLE } from './win32-constants.ts';

const FILE = 'Kanade Tray.lock';
const OPEN_ALWAYS = 4;
/** FILE_FLAG_OPEN_REPARSE_POINT */
const FLAGS = 0x0020_0000;
/** Of one that another set-up holds: it does not share, or it is just going. */
const HELD = new Set([5, 32]);
const POLL_EVERY_MS = 200;

/** Ours until this process ends. False: somebody else still has it after `withinMs`. @throws {WindowsError} it can't be opened */
export async function takeSetupLock(withinMs: number, file: string = lockFile()): Promise<boolean> {
  for (const untilMs = performance.now() + withinMs; ; await sleep(POLL_EVERY_MS)) {
    if (isTaken(file)) return true;
    if (performance.now() > untilMs) return false;
  }
}

function isTaken(file: string): boolean {
  let taken = false;
  withAttributes(PRIVATE_FILE, (attributes) => {
    const handle = setupNative().CreateFileW(file, GENERIC_READ, 0, attributes, OPEN_ALWAYS, FLAGS, 0);
    taken = handle !== INVALID_HANDLE;
    if (taken) return;
    const failure = lastError(`taking ${file}`);
    if (!HELD.has(failure.code)) throw failure;
  });
  return taken;
}

/** By the registry: the environment is whoever's who started us. */
function lockFile(): string {
  const found = machineRegistry().read('SOFTWARE\\Microsoft\\Windows\\CurrentVersion', 'ProgramFilesDir');
  return win32.join(found.kind === 'text' ? found.text : 'C:\\Program Files', FILE);
}
