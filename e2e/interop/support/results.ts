/** The stream RESULTS as it is stored: all of it, so that a second copy or a second result does not go unseen. */
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { api, type ExecResult, lastStored, type StoredMessage } from '../../../test/support/fleet.ts';
import { untilFound } from './waiting.ts';

const API_MS = 10_000;

export interface StoredResult {
  /** As it was published. */
  readonly text: string;
  readonly result: ExecResult;
}

/** Everything on the stream, in the order of storing. */
export async function storedResults(nc: NatsConnection): Promise<StoredResult[]> {
  const stored: StoredResult[] = [];
  for (let seq = 1; ; seq++) {
    const request = JSON.stringify({ seq, next_by_subj: 'results.>' });
    const answer = (await nc.request('$JS.API.STREAM.MSG.GET.RESULTS', request, { timeout: API_MS })).json<{
      message?: StoredMessage;
    }>();
    if (answer.message === undefined) return stored;
    seq = answer.message.seq;
    const text = Buffer.from(answer.message.data ?? '', 'base64').toString('utf8');
    stored.push({ text, result: JSON.parse(text) as ExecResult });
  }
}

/** Those stored results that have all these fields. */
export async function resultsWith(nc: NatsConnection, fields: Partial<ExecResult>): Promise<ExecResult[]> {
  const wanted = Object.entries(fields);
  const has = (result: ExecResult) => wanted.every(([name, value]) => result[name as keyof ExecResult] === value);
  return (await storedResults(nc)).map(({ result }) => result).filter(has);
}

/** The first stored result that has all these fields, as soon as it is there. Rides over a broker that comes back. */
export function resultWith(nc: NatsConnection, fields: Partial<ExecResult>, timeoutMs?: number): Promise<ExecResult> {
  const read = async () => {
    try {
      return (await resultsWith(nc, fields))[0];
    } catch (error) {
      if (error instanceof errors.RequestError || error instanceof errors.TimeoutError) return undefined;
      throw error;
    }
  };
  return untilFound(`a result with ${JSON.stringify(fields)}`, read, timeoutMs);
}

/** Resolves once the agent says that it is about to start the script of this execution (protocol §12.3); ours only. */
export async function started(nc: NatsConnection, execId: string, pcId: string): Promise<void> {
  const subject = `events.started.${execId}.${pcId}`;
  await untilFound(`${pcId} has started ${execId}`, () => lastStored(nc, 'EVENTS', subject));
}

interface Consumer {
  readonly num_waiting: number;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  readonly delivered: { readonly stream_seq: number };
}

/** The names of all consumers of EXEC: one for each PC, whichever agent it has. */
export async function consumersOfExec(nc: NatsConnection): Promise<readonly string[]> {
  return (await api(nc, 'CONSUMER.NAMES.EXEC')).consumers as string[];
}

/** Resolves once the durable of this PC has delivered all there is, and all of it is acknowledged. */
export function allAcknowledged(nc: NatsConnection, pcId: string): Promise<void> {
  return durableIs(
    `${pcId} has acknowledged everything`,
    nc,
    pcId,
    (info) => info.num_pending === 0 && info.num_ack_pending === 0 && info.delivered.stream_seq > 0,
  );
}

/**
 * Resolves once the broker has noticed the death of the agent that was killed. A command that comes before is delivered to the
 * dead connection, and to the next agent only when its time to acknowledge it is over (30 s).
 */
export function nobodyFetches(nc: NatsConnection, pcId: string): Promise<void> {
  return durableIs(`nobody fetches for ${pcId}`, nc, pcId, (info) => info.num_waiting === 0);
}

async function durableIs(what: string, nc: NatsConnection, pcId: string, so: (info: Consumer) => boolean) {
  await untilFound(what, async () => {
    const info = (await api(nc, `CONSUMER.INFO.EXEC.agent_replay_${pcId}`)) as unknown as Consumer;
    return so(info) || undefined;
  });
}
