/**
 * The icons of all sessions, as Windows shows them. Invariant: a tray that runs is watched by a handle of its own, so that its
 * exit code is known whoever has started it and whatever becomes of its number.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { signedInSessions } from '../sessions.ts';
import { encodeBlock, environmentOf } from './environment-block.ts';
import { type Handle, lastError, native, type ProcessInformation, startupInfoBytes, wideText } from './native.ts';
import { programsBelow } from './running-programs.ts';
import { sessionOfProcess } from './session-of-process.ts';
import { userToken } from './tokens.ts';

/** One session with somebody in it; `sinceMs`: since the epoch. */
export interface SignIn {
  readonly session: number;
  readonly sinceMs: number;
}

export interface Tray {
  readonly session: number;
  readonly exitCode: number | null;
}

export interface WindowsTrayHost {
  sessions(): readonly SignIn[];
  trays(): readonly Tray[];
  start(session: number): void;
  /** Whether it is a program of the tray, of any version. */
  isTray(path: string): boolean;
  close(): void;
}

const STARTER = join('bin', 'Kanade Tray.exe');
const TRAY = /\\app\\Kanade Tray\.exe$/i;
const SYNCHRONIZE_AND_QUERY = 0x0010_0000 | 0x1000;
const WAIT_TIMEOUT = 258;
const CREATE_UNICODE_ENVIRONMENT = 0x0000_0400;

/** null: the agent does not run from an installation (`<root>\versions\<v>\node\node.exe`). */
export function windowsTrayHost(program: string = process.execPath): WindowsTrayHost | null {
  const root = dirname(dirname(dirname(dirname(program))));
  if (!existsSync(join(root, STARTER))) return null;
  const watched = new Map<number, { readonly handle: Handle; readonly session: number }>();
  return {
    sessions: signedInSessions,
    isTray: (path) => TRAY.test(path) && path.toLowerCase().startsWith(`${root.toLowerCase()}\\`),
    trays() {
      for (const { pid, path } of programsBelow(join(root, 'versions'))) {
        if (!TRAY.test(path) || watched.has(pid)) continue;
        const session = sessionOfProcess(pid);
        const handle = native().OpenProcess(SYNCHRONIZE_AND_QUERY, 0, pid);
        if (handle !== 0 && session !== null) watched.set(pid, { handle, session });
      }
      return [...watched].map(([pid, { handle, session }]) => {
        const exitCode = exitCodeOf(handle);
        if (exitCode !== null) {
          native().CloseHandle(handle);
          watched.delete(pid);
        }
        return { session, exitCode };
      });
    },
    start: (session) => startAs(session, join(root, STARTER)),
    close() {
      for (const { handle } of watched.values()) native().CloseHandle(handle);
      watched.clear();
    },
  };
}

/** null: it runs. */
function exitCodeOf(process: Handle): number | null {
  if (native().WaitForSingleObject(process, 0) === WAIT_TIMEOUT) return null;
  const code: [number] = [0];
  native().GetExitCodeProcess(process, code);
  return code[0];
}

/** With the rights of the person, on their desktop; it belongs to no job of ours and outlives us. */
function startAs(session: number, program: string): void {
  const token = userToken(session);
  try {
    const environment = encodeBlock(environmentOf(token));
    const startup = {
      cb: startupInfoBytes(),
      lpDesktop: 'winsta0\\default',
      dwFlags: 0,
      hStdInput: 0,
      hStdOutput: 0,
      hStdError: 0,
    };
    const created: ProcessInformation = { hProcess: 0, hThread: 0, dwProcessId: 0 };
    const line = wideText(`"${program}" --hidden`);
    const flags = CREATE_UNICODE_ENVIRONMENT;
    const ok = native().CreateProcessAsUserW(
      token,
      program,
      line,
      null,
      null,
      0,
      flags,
      environment,
      null,
      startup,
      created,
    );
    if (ok === 0) throw lastError('CreateProcessAsUser');
    native().CloseHandle(created.hThread);
    native().CloseHandle(created.hProcess);
  } finally {
    native().CloseHandle(token);
  }
}
