/** One server, tried with each of our credentials in turn. */
import { errors } from '@nats-io/transport-node';
import { drop } from '../../base/drop.ts';
import { orAbort } from '../../base/waiting.ts';
import { BrokerConnection, type BrokerConnectionOptions } from './broker-connection.ts';
import { classify, type Failure, isSignInRefused } from './classify.ts';
import { CONNECT_TIMEOUT_MS } from './dial.ts';
import { speaks } from './handshake.ts';
import { type Credentials, UnusableSignIn } from './sign-in.ts';

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
  /** Servers that did not say a word when they were asked last; kept by {@link openConnection}. */
  readonly mute: Set<string>;
}

/**
 * The next credentials count only where the server refuses the ones before: one that can't be reached is no reason to show
 * weaker ones (protocol §11.1). Null when `signal` is aborted; a connection that comes about after that is ended.
 */
export async function openConnection(url: URL, options: OpenOptions, signal: AbortSignal): Promise<Opened | null> {
  const silent = await silentFile(options, signal);
  if (signal.aborted) return null;
  if (silent !== null) return local(silent);
  const candidates = options.credentials();
  if (typeof candidates === 'string') return local(candidates);
  let last: Opened = local('there are no credentials');
  for (const credentials of candidates) {
    const opened = await tryOne(url, options, credentials, signal);
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
  url: URL,
  options: OpenOptions,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Tried | null> {
  if (signal.aborted) return null;
  const { host } = url;
  const opening = open(url, { ...options, credentials }, options.mute);
  try {
    const connection = await orAbort(opening, signal);
    options.mute.delete(host);
    return { kind: 'open', connection };
  } catch (error) {
    if (signal.aborted) {
      drop(
        opening.then(
          (connection) => connection.close(),
          () => {},
        ),
        options.log,
        'ending a connection that came too late',
      );
      return null;
    }
    if (error instanceof errors.TimeoutError) options.mute.add(host);
    else options.mute.delete(host);
    return {
      kind: 'failed',
      failure: classify(error, host),
      local: error instanceof UnusableSignIn,
      signInRefused: isSignInRefused(error),
    };
  }
}

async function open(url: URL, options: BrokerConnectionOptions, mute: ReadonlySet<string>): Promise<BrokerConnection> {
  const webSocket = url.protocol === 'wss:' || url.protocol === 'ws:';
  if (!webSocket && mute.has(url.host) && !(await speaks(url, CONNECT_TIMEOUT_MS))) throw new errors.TimeoutError();
  return BrokerConnection.open(url, options);
}

function local(why: string): Failed {
  return { kind: 'failed', failure: { state: 'refused', why }, local: true };
}
