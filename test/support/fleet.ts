/**
 * The operators' side of a fleet in tests: what backend and CLI would do, on a connection that is never the agent's.
 */
import { type Authenticator, connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { api, type CommandBody, provision, command as shCommand } from '../../scripts/lib/fleet.ts';
import { SHELL } from './scripts.ts';

export type { CommandBody, ExecResult, StoredMessage } from '../../scripts/lib/fleet.ts';
export {
  api,
  countStored,
  killExec,
  lastStored,
  provision,
  publishCommand,
  putKey,
  STREAMS,
  waitForResult,
} from '../../scripts/lib/fleet.ts';

/** Credentials of the operator, where the broker asks for some. */
export interface OperatorOptions {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly authenticator?: Authenticator;
}

/** As operators send it, for the shell of this system: `echo hello` if not told otherwise. `fields` overrides and adds. */
export function command(fields: Record<string, unknown> = {}): CommandBody {
  return shCommand({ shell: SHELL, ...fields });
}

/** A connection that comes back whenever the broker does; closed with the test. */
export async function operator(
  server: { readonly url: string },
  options: OperatorOptions = {},
): Promise<NatsConnection> {
  const nc = await connect({
    servers: server.url,
    name: 'operator',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    ...options,
  });
  onTestFinished(() => nc.close());
  return nc;
}

/** {@link operator} on a broker that has all streams and buckets (protocol §2). */
export async function provisionedOperator(
  server: { readonly url: string },
  options: OperatorOptions = {},
): Promise<NatsConnection> {
  const nc = await operator(server, options);
  await provision(nc);
  return nc;
}

/** The `request_id` of each result that the stream has, in their order. */
export async function answered(nc: NatsConnection): Promise<string[]> {
  const { state } = await api<{ state: { last_seq: number } }>(nc, 'STREAM.INFO.RESULTS');
  const ids: string[] = [];
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const { message } = await api<{ message: { data: string } }>(nc, 'STREAM.MSG.GET.RESULTS', { seq });
    ids.push(JSON.parse(Buffer.from(message.data, 'base64').toString()).request_id);
  }
  return ids;
}
