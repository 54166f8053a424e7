/**
 * How long the person at the console has not touched anything. Only a process in their session can tell: what Windows tells a service of
 * it stands still for a session that is in use. So one is started there when somebody asks, with our own rights and variables, so that
 * nothing of theirs runs in it or is listened to, and ends at once.
 */
import { atEnd } from '../../base/at-end.ts';
import { orAbort } from '../../base/waiting.ts';
import { consoleSessionId } from '../sessions.ts';
import { native, WindowsError } from '../windows/native.ts';
import { PERSONS_DESKTOP, startWithToken, type TokenProcess } from '../windows/token-process.ts';
import { ownTokenIn, userToken } from '../windows/tokens.ts';

/** The switch by which the agent's program prints it, see `boot/cli.ts`. */
export const INPUT_IDLE_SWITCH = '--input-idle';
const ANSWERS_WITHIN_MS = 4_000;
/** More than it ever says. */
const MAX_CHARS = 100;
const ERROR_NO_TOKEN = 1_008;

/** Infinity: nobody is signed in at the console; null: it is not known. */
export async function consoleIdleMs(program = process.argv[1] ?? ''): Promise<number | null> {
  const session = consoleSessionId();
  if (session === null) return Number.POSITIVE_INFINITY;
  try {
    // Whether anybody is there.
    native().CloseHandle(userToken(session));
    const token = ownTokenIn(session);
    using _ = atEnd(() => native().CloseHandle(token));
    return await idleMsWith(token, program);
  } catch (error) {
    return error instanceof WindowsError && error.code === ERROR_NO_TOKEN ? Number.POSITIVE_INFINITY : null;
  }
}

/** What the program prints with the rights of this token, in its session. */
export async function idleMsWith(token: number, program: string): Promise<number | null> {
  const started = startWithToken({
    token,
    file: process.execPath,
    commandLine: `${[process.execPath, program].map((part) => `"${part}"`).join(' ')} ${INPUT_IDLE_SWITCH}`,
    prepare: () => ({ environment: ownEnvironment(), directory: null }),
    priority: 'below_normal',
    desktop: PERSONS_DESKTOP,
  });
  using _ = atEnd(() => release(started));
  const timer = setTimeout(() => void started.job.terminate().catch(() => {}), ANSWERS_WITHIN_MS);
  using _timer = atEnd(() => clearTimeout(timer));
  const late = AbortSignal.timeout(ANSWERS_WITHIN_MS);
  try {
    const [said, code] = await orAbort(Promise.all([outputOf(started), started.exited]), late);
    const text = code === 0 ? said.trim() : '';
    return /^\d{1,10}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** Whatever else has the other end of the pipe: no more is read than can be a number. */
async function outputOf({ stdout }: TokenProcess): Promise<string> {
  const socket = await stdout.socket;
  let text = '';
  // Leaving the loop destroys the socket.
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.length > MAX_CHARS) break;
  }
  return text;
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function release(started: TokenProcess): void {
  for (const pipe of [started.stdin, started.stdout, started.stderr]) pipe.close();
  started.job.release();
}
