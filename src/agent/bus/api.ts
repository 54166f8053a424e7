import { JetStreamApiError } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { isNoResponders, type Session } from './session.ts';

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
  consumerNotFound: 10014,
  streamNotFound: 10059,
  noFilterSubjects: 10094,
  maxPayload: 10054,
} as const;

const API_TIMEOUT_MS = 5_000;

/** One request to `$JS.API.<what>`; rejects with {@link ApiError} where the server answers with one. */
export async function apiRequest(session: Session, what: string, body: unknown): Promise<Record<string, unknown>> {
  const payload = body === null ? '' : JSON.stringify(body);
  const answer = await session.request(`$JS.API.${what}`, payload, API_TIMEOUT_MS);
  const parsed = jsonOf(answer);
  throwApiError(parsed);
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

/** True where the stream, bucket or consumer is not there (yet), or JetStream is not. */
export function isMissing(error: unknown): boolean {
  if (isNoResponders(error)) return true;
  // The client library has errors of its own for the same answers.
  if (error instanceof JetStreamApiError) return error.code === API_ERRORS.streamNotFound || error.status === 404;
  return error instanceof ApiError && (error.errCode === API_ERRORS.streamNotFound || error.code === 404);
}
