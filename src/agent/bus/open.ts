/** One server, tried with each of our credentials in turn. */
import { drop } from '../../base/drop.ts';
import { orAbort } from '../../base/waiting.ts';
import { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts';
import { classify, type Failure, isSignInRefused } from './classify.ts';
import { CONNECT_TIMEOUT_MS } from './dial.ts';
import type { Server } from './peers.ts';
import { type Credentials, UnusableSignIn } from './sign-in.ts';

/** For one try, whatever it waits for: the resolving of a name has no end of its own, and each of its addresses is tried. */
const TRY_MS = 3 * CONNECT_TIMEOUT_MS;

export type Opened = { readonly kind: 'open'; readonly connection: BrokerConnection } | Failed;

interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
  /** Our own secrets or files are the reason: no server was asked. */
  readonly local: boolean;
}

export interface OpenOptions extends Omit<BrokerConnectionOptions, 'credentials'> {
  readonly credentials: () => readonly Credentials[] | string;
  /** Resolves to why what is read for a try can't be read now, null: it can; absent: it is read at once. */
  readonly filesAnswer?: ((signal: AbortSignal) => Promise<string | null>) | undefined;
  /** In place of {@link TRY_MS}. */
  readonly tryMs?: number;
}

/**
 * The next credentials count only where the server refuses the ones before: one that can't be reached is no reason to show
 * weaker ones (protocol §11.1). Null when `signal` is aborted; a connection that comes about after that is ended.
 */
export async function openConnection(
  server: Server,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Opened | null> {
  const silent = await silentFile(options, signal);
  if (signal.aborted) return null;
  if (silent !== null) return local(silent);
  const candidates = options.credentials();
  if (typeof candidates === 'string') return local(candidates);
  let last: Opened = local('there are no credentials');
  for (const credentials of candidates) {
    const opened = await tryOne(server, options, credentials, signal);
    if (opened === null || opened.kind === 'open') return opened;
    last = opened;
    if (!opened.signInRefused) return opened;
  }
  return last;
}

async function silentFile({ filesAnswer }: OpenOptions, signal: AbortSignal): Promise<string | null> {
  try {
    return (await filesAnswer?.(signal)) ?? null;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

type Tried = Exclude<Opened, Failed> | (Failed & { readonly signInRefused: boolean });

async function tryOne(
  server: Server,
  options: OpenOptions,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Tried | null> {
  if (signal.aborted) return null;
  const { host } = server.url;
  const opening = BrokerConnection.open(server, { ...options, credentials });
  const late = AbortSignal.timeout(options.tryMs ?? TRY_MS);
  try {
    return { kind: 'open', connection: await orAbort(opening, AbortSignal.any([signal, late])) };
  } catch (error) {
    if (signal.aborted || late.aborted) endIfItComes(opening, options);
    if (signal.aborted) return null;
    return {
      kind: 'failed',
      failure: classify(error, host),
      local: error instanceof UnusableSignIn,
      signInRefused: isSignInRefused(error),
    };
  }
}

function endIfItComes(opening: Promise<BrokerConnection>, { log }: OpenOptions): void {
  const ended = opening.then(
    (connection) => connection.close(),
    () => {},
  );
  drop(ended, log, 'ending a connection that came too late');
}

function local(why: string): Failed {
  return { kind: 'failed', failure: { state: 'refused', why }, local: true };
}
