/**
 * Reading and watching KV buckets by the few requests that an agent's role allows (protocol §11.3): a direct get, and an
 * ephemeral push consumer made by the short form of CONSUMER.CREATE. The KV client library names its consumers, and
 * the subject that this gives is refused under that role.
 */
import type { Msg } from '@nats-io/transport-node';
import type { Logger } from '../../base/logger.ts';
import { errorText } from '../../base/logger.ts';
import { aborted } from '../../base/waiting.ts';
import type { KvKey } from '../../shared/ids.ts';
import { API_ERRORS, ApiError, apiRequest, isNotForUs, MARKER, streamIsMissing } from './api.ts';
import { type BrokerConnection, isNoResponders } from './broker-connection.ts';
import { type KvChange, type KvRead, type KvWatchHandlers, NO_VALUE } from './bus.ts';
import { deliveryOf, flowControlOf } from './inboxes.ts';
import { whyReflected, whyReflectedInDirectGet } from './reflected.ts';

/** How often the server shows that a watch lives; two missed ones end it. */
export const WATCH_HEARTBEAT_MS = 30_000;
/** How long the server keeps a watch that nobody listens to any more: short, so that reconnects leave nothing behind. */
const INACTIVE_MS = 30_000;

const NS_PER_MS = 1_000_000;

/** The newest value of one key. */
export async function kvGet(
  connection: BrokerConnection,
  bucket: string,
  key: KvKey,
  timeoutMs: number,
): Promise<KvRead> {
  try {
    const subject = `$KV.${bucket}.${key}`;
    const answer = await connection.request(`$JS.API.DIRECT.GET.KV_${bucket}.${subject}`, '', timeoutMs);
    const code = answer.headers?.code ?? 0;
    const of = answer.headers?.get('Nats-Subject') ?? '';
    // With a subject it is the status of something that is stored.
    if (of === '' && code === 404) return { kind: 'absent', revision: 0 };
    if (of === '' && code >= 400) return { kind: 'failed', why: `${code} ${answer.headers?.description ?? ''}` };
    if (of !== subject) return { kind: 'failed', why: `the answer is about ${of}` };
    const why = whyReflectedInDirectGet(answer) ?? whyNoValue(answer);
    if (why !== null) return { kind: 'failed', why: `nobody has put ${key} there: ${why}` };
    const revision = Number(answer.headers?.get('Nats-Sequence') ?? 0);
    if (isDeletion(answer)) return { kind: 'absent', revision };
    return { kind: 'value', value: answer.data, revision };
  } catch (error) {
    // A direct get of a bucket that does not exist is answered by nobody, and so is one while JetStream is away.
    const missing = isNoResponders(error) && (await streamIsMissing(connection, `KV_${bucket}`, timeoutMs));
    return missing ? { kind: 'no_bucket' } : { kind: 'failed', why: errorText(error) };
  }
}

/** An answer to an acknowledgement is empty, and no value of a fleet is. */
function whyNoValue(message: Msg): string | null {
  return message.data.length === 0 && !isDeletion(message) ? 'it is empty' : null;
}

/** Every way in which a key can be gone while a message still stands for it. */
function isDeletion({ headers }: Msg): boolean {
  const operation = headers?.get('KV-Operation');
  return operation === 'DEL' || operation === 'PURGE' || headers?.has(MARKER) === true;
}

/**
 * Follows `keys` of a bucket (each may be a pattern) until the watch breaks or `signal` is aborted. Starts with the
 * newest value of each key, so nothing can fall between a read and the watch (D14). Older revisions of a key than one
 * already seen are dropped (D20).
 */
export async function kvWatch(
  connection: BrokerConnection,
  bucket: string,
  keys: readonly string[],
  handlers: KvWatchHandlers,
  log: Logger,
  signal: AbortSignal,
  bound: () => void,
  heartbeatMs: number = WATCH_HEARTBEAT_MS,
): Promise<void> {
  const prefix = `$KV.${bucket}.`;
  const inbox = connection.newInbox();
  const broken = new AbortController();
  const seen = new Map<string, number>();
  let lastHeardAt = performance.now();
  let pending = Number.POSITIVE_INFINITY;
  let received = 0;
  let expectedSequence = 1;
  let begun = false;
  let told = false;
  /** Its name, by which its deliveries are told from others; null: not known yet, and what has come is held. */
  let consumer: string | null = null;
  let early: Msg[] = [];

  const begin = () => {
    if (!begun) handlers.begin();
    begun = true;
  };
  const settle = () => {
    if (told || received < pending) return;
    told = true;
    handlers.current();
  };
  const receive = (message: Msg) => {
    if (consumer === null) {
      early.push(message);
      return;
    }
    const at = deliveryOf(message.reply);
    // What is stored may have a status too.
    if (at === null && message.headers?.code === 100) {
      lastHeardAt = performance.now();
      // Flow control asks for an answer; a plain idle heartbeat does not.
      const flow = flowControlOf(message.reply);
      if (flow?.stream === `KV_${bucket}` && flow.consumer === consumer) message.respond();
      return;
    }
    const isOurs = at?.stream === `KV_${bucket}` && at.consumer === consumer && message.subject.startsWith(prefix);
    if (!isOurs) {
      log.warn('a message of another consumer was delivered', { bucket, subject: message.subject });
      return;
    }
    lastHeardAt = performance.now();
    if (at.consumerSequence !== expectedSequence) throw new Error('the watch lost a message');
    expectedSequence += 1;
    received += 1;
    begin();
    const why = whyReflected(message) ?? whyNoValue(message);
    const change = changeOf(message, prefix, at.streamSequence, why === null);
    if (why !== null)
      log.warn('nobody has put this value there, it is an answer of the broker', { bucket, key: change.key, why });
    if ((seen.get(change.key) ?? 0) < change.revision) {
      seen.set(change.key, change.revision);
      handlers.change(change);
    }
    settle();
  };
  const subscription = connection.nc.subscribe(inbox, {
    callback: (error, message) => {
      if (broken.signal.aborted) return;
      if (error !== null) return broken.abort(error);
      // Neither a lost message nor a handler's error may reach the client library: it would end the connection.
      try {
        receive(message);
      } catch (thrown) {
        broken.abort(thrown);
      }
    },
  });
  const timer = setInterval(() => {
    const before = lastHeardAt;
    if (performance.now() - before <= 2 * heartbeatMs) return;
    // On a slow link heartbeats stand behind a large value.
    void connection.flush().then((hasAllCome) => {
      if (hasAllCome && lastHeardAt === before) broken.abort(new Error('the watch went silent'));
    });
  }, heartbeatMs);
  timer.unref();
  try {
    const answer = await createWatch(connection, bucket, keys, inbox, heartbeatMs);
    broken.signal.throwIfAborted();
    pending = Number(answer.num_pending ?? 0);
    bound();
    log.debug('watching', { bucket, pending });
    begin();
    consumer = String(answer.name);
    const held = early;
    early = [];
    for (const message of held) receive(message);
    settle();
    await aborted(AbortSignal.any([signal, broken.signal]));
    if (!signal.aborted) throw broken.signal.reason;
  } catch (error) {
    // One that we may not see is none to us: what waits for it must not wait for ever.
    if (isNotForUs(error)) handlers.missing();
    throw error;
  } finally {
    clearInterval(timer);
    subscription.unsubscribe();
  }
}

async function createWatch(
  connection: BrokerConnection,
  bucket: string,
  keys: readonly string[],
  inbox: string,
  heartbeatMs: number,
) {
  const filters = keys.map((key) => `$KV.${bucket}.${key}`);
  const create = (filter: object) =>
    apiRequest(connection, `CONSUMER.CREATE.KV_${bucket}`, {
      stream_name: `KV_${bucket}`,
      config: {
        deliver_subject: inbox,
        deliver_policy: 'last_per_subject',
        ack_policy: 'none',
        replay_policy: 'instant',
        ...filter,
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: heartbeatMs * NS_PER_MS,
        inactive_threshold: INACTIVE_MS * NS_PER_MS,
        mem_storage: true,
        num_replicas: 1,
      },
    });
  if (filters.length === 1) return create({ filter_subject: filters[0] });
  try {
    return await create({ filter_subjects: filters });
  } catch (error) {
    // A server before 2.10 takes one filter only: watch everything, the receiver sorts it out.
    if (!(error instanceof ApiError) || error.errCode !== API_ERRORS.noFilterSubjects) throw error;
    return create({ filter_subject: `$KV.${bucket}.>` });
  }
}

function changeOf(message: Msg, prefix: string, revision: number, isPut: boolean): KvChange {
  // Of what nobody has put there the headers may be unreadable.
  const value = !isPut ? NO_VALUE : isDeletion(message) ? null : message.data;
  return { key: message.subject.slice(prefix.length), value, revision };
}
