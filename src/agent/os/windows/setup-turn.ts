/** One set-up at a time on a PC: a named object of Windows that the installer holds as well (`installer/common.nsh`). */
import { sleep } from '../../base/sleep.ts';
import { native } from './native.ts';
import { setupNative } from './setup-native.ts';

const NAME = 'Global\\KanadeTraySetup';
const ERROR_ALREADY_EXISTS = 183;
const LOOK_EVERY_MS = 200;

/** Ours until this process ends. False: somebody else still has it after `withinMs`. */
export async function takeTurn(withinMs: number): Promise<boolean> {
  for (const untilMs = performance.now() + withinMs; ; await sleep(LOOK_EVERY_MS)) {
    const handle = setupNative().CreateMutexW(null, 1, NAME);
    if (handle !== 0 && native().GetLastError() !== ERROR_ALREADY_EXISTS) return true;
    if (handle !== 0) native().CloseHandle(handle);
    if (performance.now() > untilMs) return false;
  }
}
