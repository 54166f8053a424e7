/**
 * The agent's durable consumer on EXEC: found or made under the original's name, adopted by update, never deleted or made
 * again, so that its cursor stays (protocol §5). Acknowledging is the receiver's, after its row is on disk (invariant 1). Each
 * binding leaves a name in the consumer that the store knows: one that it does not know tells of a later state of it.
 */
import { AckPolicy, type ConsumerConfig, type ConsumerInfo, type JsMsg } from '@nats-io/jetstream';
import { errorText, type Logger } from '../../base/logger.ts';
import { clampTimerMs } from '../../base/sleep.ts';
import { orAbort } from '../../base/waiting.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { API_ERRORS, ApiError, apiRequest } from './api.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { DurableHandlers, DurableMessage, DurableSpec } from './bus.ts';
import { headersOf } from './headers.ts';
import { isSubjectOf } from './inboxes.ts';
import { isForbidden } from './permissions.ts';
import { whyReflected } from './reflected.ts';

const ACK_WAIT_NS = 30_000_000_000;
const MAX_ACK_PENDING = 1_000;
const BATCH = 200;
const EXPIRES_MS = 30_000;
const IDLE_HEARTBEAT_MS = 15_000;
/** Each command comes to whoever asks, as it was sent, and again until it is acknowledged. */
const EACH_COMES = {
  max_deliver: -1,
  headers_only: false,
  backoff: undefined,
  priority_policy: undefined,
  priority_groups: undefined,
} as const;
/** What somebody else has set is taken back, but a pause, which only an operator can end. */
const OURS = {
  ...EACH_COMES,
  priority_timeout: undefined,
  max_batch: undefined,
  max_expires: undefined,
  max_bytes: undefined,
} as const;
/** Filter for servers before 2.10, which take only one (error 10094); the rest is sorted out here. */
const ONE_FILTER = 'commands.>';

/** Makes or adopts the consumer, then hands out its messages until it breaks or `signal` is aborted. */
export async function consumeDurable(
  connection: BrokerConnection,
  spec: DurableSpec,
  handlers: DurableHandlers,
  log: Logger,
  signal: AbortSignal,
  bound: () => void,
  heartbeatMs: number = IDLE_HEARTBEAT_MS,
): Promise<void> {
  let count = 0;
  const info = await ensureDurable(connection, spec, handlers, log, signal);
  const messages = await connection.js.consumers.getConsumerFromInfo(info).consume({
    max_messages: BATCH,
    expires: EXPIRES_MS,
    idle_heartbeat: heartbeatMs,
    callback: (message: JsMsg) => {
      // Thrown into the library, a handler's error would end the consumer.
      try {
        const { stream, consumer } = message.info;
        // Somebody else's consumer delivers to whom its reader names.
        if (stream !== spec.stream || consumer !== spec.durable) {
          log.warn('a message of another consumer was delivered', { subject: message.subject });
          return;
        }
        count += 1;
        const received = messageOf(connection, message);
        // What has come was asked for.
        connection.permissions.allowed('publish', `$JS.API.CONSUMER.MSG.NEXT.${spec.stream}.${spec.durable}`);
        connection.serverClock.atLeast(received.storedAtMs);
        const why = whyReflected(message);
        if (why === null) return handlers.message(received);
        log.warn('an answer of the broker was stored as a message, and is left out', { subject: message.subject, why });
        // There is no row of it: nobody has sent it.
        received.ack();
      } catch (error) {
        log.error('a message could not be handled', { subject: message.subject, error: errorText(error) });
      }
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
      // The library goes on asking, and nothing comes: bound again, it has our settings again.
      if (status.type === 'exceeded_limits')
        throw new Error(`the consumer refuses to be asked (${status.description})`);
      if (status.type === 'heartbeats_missed' && status.count >= 2) {
        // On a slow link they stand behind a large message: it must not be given up for that, and sent again and again.
        const before = count;
        const hasAllCome = await orAbort(connection.flush(), signal).catch(() => false);
        if (hasAllCome && count === before) throw new Error('the consumer went silent');
      }
      if (signal.aborted) return;
    }
    if (!signal.aborted) throw new Error('the consumer ended');
  } finally {
    signal.removeEventListener('abort', onAbort);
    messages.stop();
  }
}

function messageOf(connection: BrokerConnection, message: JsMsg): DurableMessage {
  // The library has it, and leaves it out of what it says of a message.
  const subject = 'reply' in message && typeof message.reply === 'string' ? message.reply : '';
  const answered = () => connection.published(subject);
  return {
    subject: message.subject,
    data: message.data,
    storedAtMs: Number(message.timestampNanos / NS_PER_MS),
    header: headersOf(message),
    ack: () => {
      message.ack();
      answered();
    },
    nak: (delayMs) => {
      message.nak(clampTimerMs(delayMs));
      answered();
    },
  };
}

async function ensureDurable(
  connection: BrokerConnection,
  spec: DurableSpec,
  handlers: DurableHandlers,
  log: Logger,
  signal: AbortSignal,
): Promise<ConsumerInfo> {
  const found = await existing(connection, spec, signal);
  if (found === null) {
    const deliver = spec.deliver();
    log.info('making the durable consumer', { durable: spec.durable, deliver });
    const fresh = {
      durable_name: spec.durable,
      name: spec.durable,
      deliver_policy: deliver,
      ack_policy: AckPolicy.Explicit,
      replay_policy: 'instant',
      max_deliver: -1,
      max_waiting: 512,
    } as Partial<ConsumerConfig>;
    const made = await write(connection, spec, fresh, await ourMark(spec, null, signal), signal);
    handlers.bound(true);
    return made;
  }
  const { metadata = {} } = found.config;
  const owner = metadata.pc_id ?? spec.pcId;
  const ours = owner === spec.pcId;
  if (!ours) handlers.foreign(owner);
  const { incarnation = null } = metadata;
  if (metadata.pc_id === spec.pcId && incarnation !== null && !spec.knowsIncarnation(incarnation)) {
    await orAbort(handlers.olderCopy(), signal);
  }
  log.debug('adopting the durable consumer', { durable: spec.durable, filters: spec.filterSubjects().length });
  // Into one that belongs to another we write no name: they would take their own store for an older copy.
  const mark = ours ? await ourMark(spec, incarnation, signal) : {};
  const adopted = await adopt(connection, spec, found, mark, log, signal);
  // Else it holds the name that it held, and would tell of a later state at each binding.
  if (adopted === null) await orAbort(spec.keepsIncarnation(ours ? incarnation : null), signal);
  handlers.bound(ours && adopted !== null);
  return adopted ?? found;
}

/**
 * null: the role keeps the consumer to whoever has made it, and it is used as it is: what it lacks is shown, and no reason to do without
 * what it brings. One by which a command could be lost is not used: what waits is there when it is put right.
 */
async function adopt(
  connection: BrokerConnection,
  spec: DurableSpec,
  found: ConsumerInfo,
  mark: Readonly<Record<string, string>>,
  log: Logger,
  signal: AbortSignal,
): Promise<ConsumerInfo | null> {
  const lacking = lackingSubjects(found.config, spec.filterSubjects());
  const isSafe = losesNothing(found.config);
  const isExpected = isSafe && lacking.length === 0;
  connection.permissions.expectRefusal('publish', `$JS.API.${createSubject(spec)}`, isExpected);
  try {
    return await write(connection, spec, found.config, mark, signal);
  } catch (error) {
    if (!isSafe || !isForbidden(error)) throw error;
    if (lacking.length > 0) log.warn('the durable consumer, which IT keeps, does not bring all of ours', { lacking });
    return null;
  }
}

function lackingSubjects(config: ConsumerConfig, subjects: readonly string[]): readonly string[] {
  const filters = config.filter_subjects ?? [config.filter_subject ?? ONE_FILTER];
  return subjects.filter((subject) => !filters.some((filter) => isSubjectOf(filter, subject)));
}

function losesNothing(config: ConsumerConfig): boolean {
  const names = Object.keys(EACH_COMES) as (keyof typeof EACH_COMES)[];
  const doesEachCome = names.every((name) => (config[name] ?? EACH_COMES[name]) === EACH_COMES[name]);
  const isPull = config.ack_policy === AckPolicy.Explicit && config.deliver_subject === undefined;
  return isPull && doesEachCome && allowsFetching(config);
}

/** The broker refuses each fetch that asks for more than these limits. 0, and none: there is no limit. */
function allowsFetching({ max_batch = 0, max_expires = 0 }: ConsumerConfig): boolean {
  return (max_batch <= 0 || max_batch >= BATCH) && (max_expires <= 0 || max_expires >= EXPIRES_MS * Number(NS_PER_MS));
}

function createSubject({ stream, durable }: DurableSpec): string {
  return `CONSUMER.CREATE.${stream}.${durable}`;
}

/** The name is stored before it goes out: whatever the consumer says next time is known then. */
async function ourMark(spec: DurableSpec, found: string | null, signal: AbortSignal): Promise<Record<string, string>> {
  const incarnation = await orAbort(spec.nextIncarnation(found), signal);
  return { pc_id: spec.pcId, ...(incarnation === null ? {} : { incarnation }) };
}

async function existing(
  connection: BrokerConnection,
  spec: DurableSpec,
  signal: AbortSignal,
): Promise<ConsumerInfo | null> {
  try {
    const info = await apiRequest(connection, `CONSUMER.INFO.${spec.stream}.${spec.durable}`, null, { signal });
    return info as unknown as ConsumerInfo;
  } catch (error) {
    if (error instanceof ApiError && error.errCode === API_ERRORS.consumerNotFound) return null;
    throw error;
  }
}

/** Creates or updates; on a server that knows only one filter subject with the widest one, and within its bound of what is on its way. */
async function write(
  connection: BrokerConnection,
  spec: DurableSpec,
  config: Partial<ConsumerConfig>,
  mark: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ConsumerInfo> {
  const { filter_subject: _one, filter_subjects: _many, max_ack_pending: _max, ...rest } = config;
  const metadata = { ...config.metadata, ...mark };
  const fixed = { ...rest, ...OURS, metadata, ack_wait: ACK_WAIT_NS };
  const put = async (changing: object) => {
    const body = { stream_name: spec.stream, action: '', config: { ...fixed, ...changing } };
    const answer = await apiRequest(connection, createSubject(spec), body, { signal });
    return answer as unknown as ConsumerInfo;
  };
  let changing: object = { filter_subjects: spec.filterSubjects(), max_ack_pending: MAX_ACK_PENDING };
  for (;;) {
    try {
      return await put(changing);
    } catch (error) {
      const code = error instanceof ApiError ? error.errCode : null;
      if (code === API_ERRORS.noFilterSubjects && 'filter_subjects' in changing) {
        const { filter_subjects: _, ...others } = changing;
        changing = { ...others, filter_subject: ONE_FILTER };
      } else if (code === API_ERRORS.ackPendingBound && 'max_ack_pending' in changing) {
        const { max_ack_pending: _, ...others } = changing;
        changing = others;
      } else throw error;
    }
  }
}
