/** The JetStream API's requests and answers, as the bus needs them (protocol §11.3). */
import type { Msg } from '@nats-io/transport-node';
import type { BrokerConnection, RequestOptions } from './broker-connection.ts';
import { InboxRefused, isForbidden } from './permissions.ts';

/** An answer of the JetStream API that is an error, with its own number (`err_code`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly errCode: number;

  constructor(code: number, errCode: number, description: string) {
    super(description);
    this.code = code;
    this.errCode = errCode;
  }
}

/** Error numbers of nats-server that we act on (nats-server `errors.json`). */
export const API_ERRORS = {
  accountFull: 10002,
  consumerNotFound: 10014,
  serverFull: 10023,
  memoryFull: 10028,
  noMessage: 10037,
  storageFull: 10047,
  messageTooLarge: 10054,
  streamNotFound: 10059,
  storeFailed: 10077,
  noFilterSubjects: 10094,
  headerTooLarge: 10097,
  ackPendingBound: 10121,
} as const;

/** The header of a message that the server puts in the place of one that has expired or was taken away. */
export const MARKER = 'Nats-Marker-Reason';

const API_TIMEOUT_MS = 5_000;

/** One request to `$JS.API.<what>`; rejects with {@link ApiError} where the server answers with one. */
export async function apiRequest(
  connection: BrokerConnection,
  what: string,
  body: unknown,
  { timeoutMs = API_TIMEOUT_MS, ...options }: RequestOptions & { readonly timeoutMs?: number } = {},
): Promise<Record<string, unknown>> {
  const payload = body === null ? '' : JSON.stringify(body);
  const parsed = jsonOf(await connection.request(`$JS.API.${what}`, payload, timeoutMs, options));
  throwApiError(parsed);
  connection.serverClock.said(parsed.ts);
  return parsed;
}

export function jsonOf(message: Pick<Msg, 'data'>): Record<string, unknown> {
  const parsed: unknown = JSON.parse(new TextDecoder().decode(message.data));
  if (typeof parsed !== 'object' || parsed === null) throw new Error('the server answered with something unreadable');
  return parsed as Record<string, unknown>;
}

export function throwApiError(answer: Record<string, unknown>): void {
  const error = answer.error;
  if (typeof error !== 'object' || error === null) return;
  const { code, err_code, description } = error as Record<string, unknown>;
  const text = typeof description === 'string' ? description : 'unknown error';
  throw new ApiError(Number(code ?? 0), Number(err_code ?? 0), text);
}

/**
 * True only where the server says that there is no such stream. That nobody answers means nothing of the kind: JetStream may
 * be away for a moment.
 */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.errCode === API_ERRORS.streamNotFound;
}

/** What is missing, or kept from us: to us that is the same, and no mistake of anybody's. */
export function isNotForUs(error: unknown): boolean {
  return isMissing(error) || isForbidden(error) || error instanceof InboxRefused;
}

const ASKED_AGAIN_AFTER_MS = 1_000;
const asked = new WeakMap<
  BrokerConnection,
  Map<string, { readonly atMs: number; readonly missing: Promise<boolean> }>
>();

/** Whether {@link isMissing} holds for a stream, asked at most once a second. Never rejects; false: it is not known. */
export function streamIsMissing(connection: BrokerConnection, stream: string, timeoutMs: number): Promise<boolean> {
  const answers = asked.get(connection) ?? new Map();
  asked.set(connection, answers);
  const last = answers.get(stream);
  const atMs = performance.now();
  if (last !== undefined && atMs - last.atMs < ASKED_AGAIN_AFTER_MS) return last.missing;
  const missing = apiRequest(connection, `STREAM.INFO.${stream}`, null, { timeoutMs }).then(() => false, isMissing);
  answers.set(stream, { atMs, missing });
  return missing;
}
