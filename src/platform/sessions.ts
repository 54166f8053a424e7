/**
 * Who is signed in at this PC. `run_as: user` means the user at the console, else the most recently active remote session
 * (architecture §4; the original knew the console only, protocol §4.5).
 */
import { atEnd } from '../base/at-end.ts';
import { sleep } from '../base/sleep.ts';
import { decodeSessionInfo, decodeUint32s, native, type SessionInfo } from './windows/native.ts';
import { sidOf } from './windows/sids.ts';
import { userToken } from './windows/tokens.ts';

/** Whose rights something has. */
export interface Account {
  /** A uid or a SID: what the status views compare. */
  readonly id: string;
  /** For people, in the log. */
  readonly name: string;
}

export interface Session {
  readonly id: number;
  /** `DOMAIN\user` */
  readonly user: string;
}

/** A session as the choice needs it. */
export interface SessionFacts {
  readonly id: number;
  /** Empty: nobody is signed in there. */
  readonly user: string;
  readonly connected: boolean;
  readonly lastUsedAt: bigint;
  /** FILETIME; 0: not known. */
  readonly signedInAt: bigint;
}

const NO_SESSION = 0xffff_ffff;
const THIS_SERVER = 0;
const SESSION_INFO_CLASS = 24;
const STATE_ACTIVE = 0;
/** WTS_SESSION_INFOW: id, (padding,) pointer to the name, state. */
const SESSION_ENTRY_UINT32S = 6;

/** Windows tells sign-ins only to windows; a poll every few seconds is soon enough for a script that waits for a user. */
const POLL_EVERY_MS = 5_000;

export interface SignedIn {
  /** The user in whose session a script would run now; null: nobody is signed in. */
  activeUser(): Account | null;
  /** Resolves when that may have changed; rejects when aborted. */
  change(signal: AbortSignal): Promise<void>;
}

/** Who is signed in; null elsewhere than on Windows, where no other account can be run as. */
export function signedIn(): SignedIn | null {
  if (process.platform !== 'win32') return null;
  return {
    activeUser: () => {
      const session = userSession();
      const id = session === null ? null : sessionSid(session.id);
      return session === null || id === null ? null : { id, name: session.user };
    },
    change: (signal) => sleep(POLL_EVERY_MS, signal),
  };
}

/** The session of the console, with or without a user; null: there is none (a server without one, or just switching). */
export function consoleSessionId(): number | null {
  if (process.platform !== 'win32') return null;
  const id = native().WTSGetActiveConsoleSessionId();
  return id === NO_SESSION ? null : id;
}

/** The session in which a script of the user runs now; null: nobody is signed in, or this is not Windows. */
export function userSession(): Session | null {
  if (process.platform !== 'win32') return null;
  return chooseSession(listSessions().filter(hasUserToken), consoleSessionId());
}

/** Console first; then who is connected; then who was there last. */
export function chooseSession(sessions: readonly SessionFacts[], consoleId: number | null): Session | null {
  const rank = (one: SessionFacts) => (one.id === consoleId ? 2 : one.connected ? 1 : 0);
  const best = sessions
    .filter((one) => one.user !== '')
    .toSorted((a, b) => rank(b) - rank(a) || byTime(b.lastUsedAt, a.lastUsedAt))[0];
  return best === undefined ? null : { id: best.id, user: best.user };
}

function byTime(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The SIDs of everybody who is signed in, each once; nobody, where we may not ask for their tokens. */
export function sessionAccounts(): string[] {
  if (process.platform !== 'win32') return [];
  const sids = listSessions()
    .filter((one) => one.user !== '')
    .flatMap((one) => sessionSid(one.id) ?? []);
  return [...new Set(sids)].sort();
}

export interface SignedInSession {
  readonly session: number;
  /** Ms since the epoch; 0: Windows does not say. */
  readonly sinceMs: number;
  /** `DOMAIN\\user` */
  readonly user: string;
  /** null: we may not ask for it. */
  readonly sid: string | null;
}

/** Sessions in which somebody is signed in. */
export function signedInSessions(): SignedInSession[] {
  if (process.platform !== 'win32') return [];
  return listSessions()
    .filter((one) => one.user !== '')
    .map(({ id, user, signedInAt }) => ({ session: id, sinceMs: fromFileTime(signedInAt), user, sid: sessionSid(id) }));
}

/** Windows counts in 100 ns since 1601. */
function fromFileTime(time: bigint): number {
  return time === 0n ? 0 : Number(time / 10_000n) - 11_644_473_600_000;
}

/** A user who is just signing in or out is listed before or after there is a token to run with. */
function hasUserToken(session: SessionFacts): boolean {
  return sessionSid(session.id) !== null;
}

/** The SID of the user of a session; null: there is no token of theirs, or none for us. */
function sessionSid(sessionId: number): string | null {
  try {
    const token = userToken(sessionId);
    using _ = atEnd(() => native().CloseHandle(token));
    return sidOf(token);
  } catch {
    return null;
  }
}

function listSessions(): SessionFacts[] {
  const list: [bigint] = [0n];
  const count: [number] = [0];
  if (native().WTSEnumerateSessionsW(THIS_SERVER, 0, 1, list, count) === 0) return [];
  using _ = atEnd(() => native().WTSFreeMemory(list[0]));
  const numbers = decodeUint32s(list[0], count[0] * SESSION_ENTRY_UINT32S);
  const ids = numbers.filter((_id, index) => index % SESSION_ENTRY_UINT32S === 0);
  return ids.flatMap((id) => sessionFacts(id) ?? []);
}

function sessionFacts(id: number): SessionFacts | null {
  const info: [bigint] = [0n];
  if (native().WTSQuerySessionInformationW(THIS_SERVER, id, SESSION_INFO_CLASS, info, [0]) === 0) return null;
  using _ = atEnd(() => native().WTSFreeMemory(info[0]));
  return factsOf(decodeSessionInfo(info[0]));
}

function factsOf(info: SessionInfo): SessionFacts {
  const times = [info.ConnectTime, info.DisconnectTime, info.LastInputTime].map(BigInt).toSorted(byTime);
  return {
    id: info.SessionId,
    user: info.UserName === '' ? '' : `${info.Domain}\\${info.UserName}`,
    connected: info.State === STATE_ACTIVE,
    lastUsedAt: times.at(-1) ?? 0n,
    signedInAt: BigInt(info.LogonTime),
  };
}
