/**
 * The icons of all sessions, as Windows shows them. Invariant: a tray that runs is watched by a handle of its own, so that its
 * exit code is known whoever has started it and whatever becomes of its number.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atEnd } from '../../base/at-end.ts';
import { signedInSessions } from '../sessions.ts';
import { createAsUser, exitCodeOf } from './create-as-user.ts';
import { encodeBlock, environmentOf } from './environment-block.ts';
import { type Handle, native } from './native.ts';
import { programsBelow, sessionOf } from './running-programs.ts';
import { isSwitchedOff } from './startup-approved.ts';
import { PERSONS_DESKTOP } from './token-process.ts';
import { userToken } from './tokens.ts';

/** A session number is used again by a later sign-in; the moment tells them apart. */
export interface SignIn {
  readonly session: number;
  /** ms since the epoch. */
  readonly sinceMs: number;
}

export interface RunningTray {
  readonly session: number;
  /** null: it runs. 0: somebody has closed it. */
  readonly exitCode: number | null;
}

export interface TraySessions {
  /** Those in which somebody is signed in. */
  sessions(): readonly SignIn[];
  /** Trays that run; one that has ended since the last call says how. */
  trays(): readonly RunningTray[];
  /** Throws where it can't be started. */
  start(session: number): void;
  /** Whether it is a program of the tray, of any version. */
  readonly isTray: (path: string) => boolean;
  close(): void;
}

const STARTER = join('bin', 'Kanade Tray.exe');
const TRAY = /\\app\\Kanade Tray\.exe$/i;
const SYNCHRONIZE_AND_QUERY = 0x0010_0000 | 0x1000;

/** null: the agent does not run from an installation (`<root>\versions\<v>\node\node.exe`). */
export function windowsTraySessions(program: string = process.execPath): TraySessions | null {
  const root = dirname(dirname(dirname(dirname(program))));
  if (!existsSync(join(root, STARTER))) return null;
  const watched = new Map<number, { readonly handle: Handle; readonly session: number }>();
  return {
    sessions: sessionsWithIcons,
    isTray: (path) => TRAY.test(path) && path.toLowerCase().startsWith(`${root.toLowerCase()}\\`),
    trays() {
      for (const { pid, path } of programsBelow(join(root, 'versions'))) {
        if (!TRAY.test(path) || watched.has(pid)) continue;
        const session = sessionOf(pid);
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

/** The entry of the Run key, as the set-up names it. */
const RUN_ENTRY = 'Kanade Tray';
/** The account of Windows' own set-up, which signs in before there is anybody. */
const OF_WINDOWS_SETUP = /\\defaultuser\d*$/i;

/**
 * Where an icon has a place and is wanted: a session with a taskbar (one of single programs has none, nor has Windows' set-up), of
 * a person who has not switched it off.
 */
function sessionsWithIcons(): readonly SignIn[] {
  const windows = process.env.SystemRoot ?? 'C:\\Windows';
  const shells = programsBelow(windows).filter(
    ({ path }) => path.toLowerCase() === join(windows, 'explorer.exe').toLowerCase(),
  );
  const withShell = new Set(shells.map(({ pid }) => sessionOf(pid)));
  return signedInSessions().filter(({ session, user, sid }) => {
    if (!withShell.has(session) || OF_WINDOWS_SETUP.test(user)) return false;
    return sid === null || !isSwitchedOff(sid, RUN_ENTRY);
  });
}

/** With the rights of the person; it belongs to no job of ours and outlives us. */
function startAs(session: number, file: string): void {
  const token = userToken(session);
  using _ = atEnd(() => native().CloseHandle(token));
  const environment = encodeBlock(environmentOf(token));
  const commandLine = `"${file}" --hidden`;
  const where = { directory: null, desktop: PERSONS_DESKTOP };
  const created = createAsUser({ token, file, commandLine, environment, ...where, flags: 0, streams: null });
  native().CloseHandle(created.hThread);
  native().CloseHandle(created.hProcess);
}
