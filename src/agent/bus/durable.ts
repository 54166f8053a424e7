/**
 * The agent's durable consumer on EXEC: found or made under the original's name, adopted by update, never deleted or made
 * anew, so that its cursor stays (design §7). Acknowledging is the receiver's, after its row is on disk (invariant 1).
 */
import { AckPolicy, type ConsumerConfig, type JsMsg } from '@nats-io/jetstream';
import type { Logger } from '../base/logger.ts';
import { API_ERRORS, ApiError, apiRequest } from './api.ts';
import type { DurableHandlers, DurableSpec } from './bus.ts';
import type { Session } from './session.ts';

const ACK_WAIT_NS = 30_000_000_000;
const MAX_ACK_PENDING = 1_000;
const BATCH = 200;
const EXPIRES_MS = 30_000;
const IDLE_HEARTBEAT_MS = 15_000;
/** Filter for servers before 2.10, which take only one (error 10094); the rest is sorted out here. */
const ONE_FILTER = 'commands.>';

interface ConsumerInfo {
  readonly config: Partial<ConsumerConfig> & { metadata?: Record<string, string> };
}

/** Makes or adopts the consumer, then hands out its messages until it breaks or `signal` is aborted. */
export async function consumeDurable(
  session: Session,
  spec: DurableSpec,
  handlers: DurableHandlers,
  log: Logger,
  signal: AbortSignal,
  bound: () => void,
): Promise<void> {
  await ensureDurable(session, spec, handlers, log);
  const consumer = await session.js.consumers.get(spec.stream, spec.durable);
  const messages = await consumer.consume({
    max_messages: BATCH,
    expires: EXPIRES_MS,
    idle_heartbeat: IDLE_HEARTBEAT_MS,
    callback: (message: JsMsg) => {
      handlers.message(message);
    },
  });
  bound();
  const onAbort = () => messages.stop();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // The filters may have changed while it was being bound: nobody would tell us again.
    if (signal.aborted) return;
    for await (const status of messages.status()) {
      if (status.type === 'consumer_deleted' || status.type === 'stream_not_found' || status.type === 'no_responders') {
        throw new Error(`the consumer is gone (${status.type})`);
      }
      if (status.type === 'consumer_not_found') throw new Error('the consumer is gone');
      if (status.type === 'heartbeats_missed' && status.count >= 2) throw new Error('the consumer went silent');
      if (signal.aborted) return;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    messages.stop();
  }
}

async function ensureDurable(
  session: Session,
  spec: DurableSpec,
  handlers: DurableHandlers,
  log: Logger,
): Promise<ConsumerInfo> {
  const found = await existing(session, spec);
  if (found === null) {
    log.info('making the durable consumer', { durable: spec.durable, deliver: spec.deliver });
    return write(session, spec, {
      durable_name: spec.durable,
      name: spec.durable,
      deliver_policy: spec.deliver,
      ack_policy: AckPolicy.Explicit,
      replay_policy: 'instant',
      max_deliver: -1,
      max_waiting: 512,
    } as Partial<ConsumerConfig>);
  }
  const owner = found.config.metadata?.pc_id;
  if (owner !== undefined && owner !== spec.pcId) handlers.foreign(owner);
  if (isAsWanted(found, spec)) return found;
  log.info('adopting the durable consumer', { durable: spec.durable, filters: spec.filterSubjects().length });
  return write(session, spec, found.config);
}

async function existing(session: Session, spec: DurableSpec): Promise<ConsumerInfo | null> {
  try {
    const info = await apiRequest(session, `CONSUMER.INFO.${spec.stream}.${spec.durable}`, null);
    return info as unknown as ConsumerInfo;
  } catch (error) {
    if (error instanceof ApiError && error.errCode === API_ERRORS.consumerNotFound) return null;
    throw error;
  }
}

function isAsWanted(found: ConsumerInfo, spec: DurableSpec): boolean {
  const { filter_subject, filter_subjects, metadata } = found.config;
  const have = filter_subjects ?? (filter_subject === undefined ? [] : [filter_subject]);
  const want = spec.filterSubjects();
  return (
    metadata?.pc_id !== undefined && have.length === want.length && want.every((subject) => have.includes(subject))
  );
}

/** Creates or updates; on a server that knows only one filter subject, with the widest one. */
async function write(session: Session, spec: DurableSpec, config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
  const metadata = { ...config.metadata, pc_id: config.metadata?.pc_id ?? spec.pcId };
  const { filter_subject: _one, filter_subjects: _many, ...rest } = config;
  const base = { ...rest, metadata, ack_wait: ACK_WAIT_NS, max_ack_pending: MAX_ACK_PENDING };
  const put = (filters: object) =>
    apiRequest(session, `CONSUMER.CREATE.${spec.stream}.${spec.durable}`, {
      stream_name: spec.stream,
      action: '',
      config: { ...base, ...filters },
    });
  try {
    const answer = await put({ filter_subjects: spec.filterSubjects() });
    return answer as unknown as ConsumerInfo;
  } catch (error) {
    if (!(error instanceof ApiError) || error.errCode !== API_ERRORS.noFilterSubjects) throw error;
    const answer = await put({ filter_subject: ONE_FILTER });
    return answer as unknown as ConsumerInfo;
  }
}
