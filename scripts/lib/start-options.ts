/** What `npm start` was asked for. Invariant: whatever cannot work is refused here, in one sentence, before anything is started. */
import { accessSync, constants } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CliError } from '../bootstrap/say.mjs';

/** Absolute files. */
export type SignIn =
  | { kind: 'none' }
  | { kind: 'token'; file: string }
  | { kind: 'user'; user: string; file: string }
  | { kind: 'creds'; file: string };
/** A fleet of its own; `once`: ends after the demo. */
export interface FleetOptions {
  readonly mode: 'fleet';
  readonly id: string;
  readonly once: boolean;
}

export interface JoinOptions {
  readonly mode: 'join';
  readonly id: string;
  readonly server: string;
  readonly signIn: SignIn;
}

export const USAGE = `npm start                      a fleet on this machine, and a short day of IT work
npm start -- --once            the same, and ends after the day
npm start -- --server URL      joins a real fleet (several servers: separated by commas)
               [--id PC] [--token-file F | --user U --password-file F | --creds F]
npm start -- --help            these lines`;

export function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}

const LABEL = /^[A-Za-z0-9_-]+$/;
const MAX_ID_CHARS = 64;
const MAX_LABELS = 4;

/**
 * @param computer its name
 * @throws {@link CliError}
 */
export function parseStartOptions(args: readonly string[], computer: string = hostname()): FleetOptions | JoinOptions {
  const { values } = parse(args);
  const { server, id, once = false } = values;
  const signIn = signInOf(values);
  if (server === undefined) {
    if (signIn.kind !== 'none')
      throw new CliError(`A sign-in needs a server to sign in to: add --server URL.\n${USAGE}`);
    return { mode: 'fleet', id: usableId(id, id === undefined ? usableName(computer) : computer), once };
  }
  if (once) throw new CliError(`--once is for the fleet on this machine, and --server joins another one.\n${USAGE}`);
  return { mode: 'join', id: usableId(id, computer), server: usableServers(server), signIn };
}

/** A name that the fleet can use, as near to the given one as possible. */
export function usableName(name: string) {
  const labels = name.split('.').map((label) => label.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, ''));
  const usable = labels
    .filter((label) => label !== '')
    .slice(0, MAX_LABELS)
    .join('.')
    .slice(0, MAX_ID_CHARS);
  return usable.replace(/\.$/, '') || 'my-pc';
}

function parse(args: readonly string[]) {
  const text: Record<string, { type: 'string' | 'boolean' }> = Object.fromEntries(
    ['server', 'id', 'token-file', 'user', 'password-file', 'creds'].map((name) => [name, { type: 'string' }]),
  );
  try {
    const options = { ...text, once: { type: 'boolean' } as const };
    const { values } = parseArgs({ args: [...args], options });
    return { values: values as Record<string, string | undefined> & { once?: boolean } };
  } catch (error) {
    throw new CliError(`${(error as Error).message}\n${USAGE}`);
  }
}

function usableId(asked: string | undefined, computer: string) {
  const id = asked ?? computer;
  const labels = id.split('.');
  if (id.length <= MAX_ID_CHARS && labels.length <= MAX_LABELS && labels.every((label) => LABEL.test(label))) return id;
  const what = asked === undefined ? `The name of this computer, "${id}",` : `The id "${id}"`;
  throw new CliError(
    `${what} cannot be the name of a PC in the fleet (letters, digits, "-" and "_", up to four parts with dots between them, 64 characters in all): try --id ${usableName(id)}`,
  );
}

function usableServers(text: string) {
  for (const server of text.split(',')) {
    if (!URL.canParse(server.trim()) || !/^(nats|tls|wss?):\/\/[^/]/.test(server.trim())) {
      throw new CliError(
        `"${server.trim()}" is not the address of a server: it looks like nats://host:4222, tls://host:4222 or wss://host:443.`,
      );
    }
  }
  return text;
}

function signInOf(values: Record<string, string | undefined>): SignIn {
  const { user } = values;
  const ways = ['token-file', 'user', 'creds'].filter((name) => values[name] !== undefined);
  if (ways.length > 1)
    throw new CliError(`One way to sign in is enough; this names ${ways.map((way) => `--${way}`).join(' and ')}.`);
  if ((user === undefined) !== (values['password-file'] === undefined))
    throw new CliError('--user and --password-file go together.');
  if (values['token-file'] !== undefined) return { kind: 'token', file: readable(values['token-file']) };
  if (values.creds !== undefined) return { kind: 'creds', file: readable(values.creds) };
  if (user !== undefined) return { kind: 'user', user, file: readable(values['password-file']) };
  return { kind: 'none' };
}

function readable(file: string | undefined = '') {
  const path = resolve(file);
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(`${path} cannot be read (${code}): name a file that is there and that you may read.`);
  }
  return path;
}
