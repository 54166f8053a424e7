/**
 * How long the person at the console has not touched anything. Only a process in their session can tell: what Windows tells a service of
 * it stands still for a session that is in use. So one is started there when somebody asks, with their rights, and ends at once.
 */
import { atEnd } from '../../base/at-end.ts';
import { consoleSessionId } from '../sessions.ts';
import { native, WindowsError } from '../windows/native.ts';
import { PERSONS_DESKTOP, startWithToken, type TokenProcess } from '../windows/token-process.ts';
import { userToken } from '../windows/tokens.ts';

/** The switch by which the agent's program prints it, see `boot/cli.ts`. */
export const INPUT_IDLE_SWITCH = '--input-idle';
const LOOK_MS = 10_000;
const ERROR_NO_TOKEN = 1_008;

/** Infinity: nobody is signed in at the console; null: it is not known. */
export async function consoleIdleMs(program = process.argv[1] ?? ''): Promise<number | null> {
  const session = consoleSessionId();
  if (session === null) return Number.POSITIVE_INFINITY;
  try {
    const token = userToken(session);
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
    prepare: (account) => ({ environment: account(), directory: null }),
    priority: 'below_normal',
    desktop: PERSONS_DESKTOP,
  });
  using _ = atEnd(() => release(started));
  const timer = setTimeout(() => started.job.terminate(), LOOK_MS);
  using _timer = atEnd(() => clearTimeout(timer));
  const said = outputOf(started);
  const code = await started.exited;
  const text = code === 0 ? (await said).trim() : '';
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

async function outputOf({ stdout }: TokenProcess): Promise<string> {
  const socket = await stdout.socket;
  let text = '';
  for await (const chunk of socket) text = `${text}${String(chunk)}`.slice(0, 100);
  return text;
}

function release(started: TokenProcess): void {
  for (const pipe of [started.stdin, started.stdout, started.stderr]) pipe.close();
  started.job.release();
}
