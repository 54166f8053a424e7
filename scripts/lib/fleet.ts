/**
 * A fleet as its operators see it, for the demo and the tests. Invariant: the streams and buckets are asked for in the words
 * of the original backend (protocol §2), so nothing shown here depends on defaults of a client library of ours.
 */
import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { until } from './waiting.ts';

/** A command as it goes over the wire. */
export type CommandBody = { request_id: string } & Record<string, unknown>;

/** A stored result (protocol §3.2, §12.2). */
export interface ExecResult {
  readonly result_id: string;
  readonly request_id: string;
  readonly exec_id?: string;
  readonly pc_id: string;
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly manifest_id?: string;
  readonly skipped?: boolean;
}

/** A message as JetStream gives it back. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** When it was stored, ISO 8601. */
  readonly time: string;
  /** Base64; absent when empty. */
  readonly data?: string;
  /** Base64. */
  readonly hdrs?: string;
}

interface Answer {
  readonly error?: { readonly description: string; readonly err_code?: number };
}

const DAY_NS = 86_400_000_000_000;
const API_MS = 10_000;
/** A request that is lost with the broker must not hold up the next try. */
const READ_MS = 1_000;
/** JetStream's error code for "no message found". */
const NO_MESSAGE = 10037;

/**
 * @param maxAgeDays 0: for ever
 * @param perSubject messages kept of a subject; 0: all
 */
function stream(name: string, subject: string, maxAgeDays: number, perSubject: number = 0) {
  return {
    name,
    max_bytes: 0,
    max_msgs: 0,
    max_msgs_per_subject: perSubject,
    discard: 'old',
    subjects: [subject],
    retention: 'limits',
    max_consumers: 0,
    max_age: maxAgeDays * DAY_NS,
    storage: 'file',
    num_replicas: 0,
    consumer_limits: null,
  };
}

function bucket(name: string, history: number) {
  return {
    ...stream(`KV_${name}`, `$KV.${name}.>`, 0, history),
    discard: 'new',
    num_replicas: 1,
    description: '',
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
  };
}

/** Everything that the backend creates at its start (protocol §2.1–2.3). */
export const STREAMS = [
  stream('INVENTORY', 'inventory.>', 90),
  stream('RESULTS', 'results.>', 30),
  stream('EXEC', 'commands.>', 7, 1),
  stream('EVENTS', 'events.>', 7),
  stream('AUDIT', 'audit.>', 0),
  bucket('script_current', 5),
  bucket('script_status', 5),
  bucket('agents_state', 1),
  bucket('agent_config', 5),
  bucket('agent_groups', 5),
  bucket('schedules', 5),
  bucket('jobs', 5),
  {
    ...stream('OBJ_agent_releases', '$O.agent_releases.C.>', 0),
    subjects: ['$O.agent_releases.C.>', '$O.agent_releases.M.>'],
    discard: 'new',
    allow_rollup_hdrs: true,
    allow_direct: true,
  },
];

/** What a backend of today creates beside them, and 0.29 does not (protocol §12.3). */
const LATER_STREAMS = [stream('OBS_EVENTS', 'obs.>', 90)];

/** Those as well: in a fleet without them an agent's events have nowhere to go. */
export async function provisionLater(nc: NatsConnection) {
  for (const config of LATER_STREAMS) await api(nc, `STREAM.CREATE.${config.name}`, config);
}

/**
 * Creates streams, buckets and object store. One that is there with the same settings stays as it is.
 * @param only names of streams; otherwise all
 */
export async function provision(nc: NatsConnection, only?: readonly string[]) {
  for (const config of STREAMS) {
    if (!only || only.includes(config.name)) await api(nc, `STREAM.CREATE.${config.name}`, config);
  }
}

/** A command as operators send it; `fields` overrides and adds. */
export function command(fields: Record<string, unknown> = {}): CommandBody {
  return {
    id: 'adhoc-run',
    version: '0.0.0',
    request_id: randomUUID(),
    exec_id: null,
    shell: 'sh',
    script: 'echo hello',
    timeout_secs: 30,
    jitter_secs: null,
    run_as: 'system',
    staleness: { mode: 'cached' },
    ...fields,
  };
}

/**
 * Publishes a command as backend and CLI do: a plain publish, flushed.
 * @param subject such as `commands.pc.PC-A`
 * @param body from {@link command}
 * @returns its request_id
 */
export async function publishCommand(nc: NatsConnection, subject: string, body: CommandBody): Promise<string> {
  nc.publish(subject, JSON.stringify(body));
  await nc.flush();
  return body.request_id;
}

/** Withdraws a running or waiting command, as `kanade kill` does. */
export async function killExec(nc: NatsConnection, execId: string) {
  nc.publish(`kill.${execId}`);
  await nc.flush();
}

/**
 * Puts a key of a bucket, as the CLI does.
 * @param value an object is written as JSON
 */
export async function putKey(nc: NatsConnection, bucketName: string, key: string, value: string | object) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const answer = (await nc.request(`$KV.${bucketName}.${key}`, body, { timeout: API_MS })).json<Answer>();
  if (answer.error) throw new Error(`${bucketName}.${key}: ${answer.error.description}`);
}

/** The last stored message of a subject. */
export async function lastStored(
  nc: NatsConnection,
  streamName: string,
  subject: string,
  timeoutMs = API_MS,
): Promise<StoredMessage | undefined> {
  const request = JSON.stringify({ last_by_subj: subject });
  const reply = await nc.request(`$JS.API.STREAM.MSG.GET.${streamName}`, request, { timeout: timeoutMs });
  const answer = reply.json<Answer & { message?: StoredMessage }>();
  if (answer.error?.err_code === NO_MESSAGE) return undefined;
  if (answer.error) throw new Error(`${streamName} ${subject}: ${answer.error.description}`);
  return answer.message;
}

/** The stored result of a command. Rides over a broker that is away for a while. */
export async function waitForResult(
  nc: NatsConnection,
  requestId: string,
  { timeoutMs = 20_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ExecResult> {
  const read = async () => {
    try {
      return await lastStored(nc, 'RESULTS', `results.${requestId}`, READ_MS);
    } catch (error) {
      if (nc.isClosed()) throw error;
      return undefined;
    }
  };
  const { data = '' } = await until(`the result of ${requestId}`, read, { timeoutMs, signal });
  return JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
}

/**
 * How many messages a stream holds of a subject; 1 result for each command is what we want to see.
 * @param subject wildcards allowed
 */
export async function countStored(nc: NatsConnection, streamName: string, subject: string) {
  const { state } = await api<{ state: { subjects?: Record<string, number> } }>(nc, `STREAM.INFO.${streamName}`, {
    subjects_filter: subject,
  });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/**
 * Asks JetStream; the answer is taken for what the caller says it is.
 * @param name after `$JS.API.`
 */
export async function api<T extends object = Record<string, unknown>>(
  nc: NatsConnection,
  name: string,
  body: object = {},
): Promise<T> {
  const answer = (await nc.request(`$JS.API.${name}`, JSON.stringify(body), { timeout: API_MS })).json<T & Answer>();
  if (answer.error) throw new Error(`${name}: ${answer.error.description} (${answer.error.err_code})`);
  return answer;
}
