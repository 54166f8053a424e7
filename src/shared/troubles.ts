/**
 * What the agent knows of its own troubles, one sentence each: what happened, whether it changes anything, and who puts it
 * right. Invariant: being offline is no trouble, and one cause is said once.
 */
import type { AgentStatus } from './agent-status.ts';
import type { Route } from './app-shell-contract.ts';
import type { I18n } from './i18n/i18n.ts';

/** Something that a person should look at, or know. */
export interface AttentionItem {
  readonly id:
    | 'restart'
    | 'update'
    | 'update_failed'
    | 'user'
    | 'stuck'
    | 'unsent'
    | 'queue'
    | 'disk'
    | 'store'
    | 'permission'
    | 'second'
    | 'log'
    | 'clock'
    | 'rebuilt';
  readonly title: string;
  readonly body: string;
  readonly route: Route;
}

const MB = 1_000_000;

/** Whether new tasks are taken: else what arrives waits. */
export function takesTasks({ store, disk }: AgentStatus): boolean {
  return disk.ok && store.readable && (store.state === 'ok' || store.state === 'quarantined');
}

/** To look at. */
export function troubles(status: AgentStatus, i18n: I18n): AttentionItem[] {
  return [
    stuck(status, i18n),
    unsent(status, i18n),
    queue(status, i18n),
    disk(status, i18n),
    store(status, i18n),
    permission(status, i18n),
    second(status, i18n),
    log(status, i18n),
  ].filter((item) => item !== null);
}

/** To know, without being called to it. */
export function notes({ notices, store: { state } }: AgentStatus, i18n: I18n, nowMs: number): AttentionItem[] {
  const items: AttentionItem[] = [];
  if (notices.clock !== null) {
    const { byMs, atMs } = notices.clock;
    const t = i18n.duration(Math.abs(byMs));
    const title = i18n.t(byMs > 0 ? 'item.clock.forward' : 'item.clock.back', { t });
    const body = i18n.t('item.clock.body', { time: i18n.moment(atMs, nowMs) });
    items.push({ id: 'clock', title, body, route: { screen: 'activity' } });
  }
  if (state === 'quarantined') {
    const [title, body] = [i18n.t('item.rebuilt.title'), i18n.t('item.rebuilt.body')];
    items.push({ id: 'rebuilt', title, body, route: { screen: 'activity' } });
  }
  return items;
}

/** Why results wait although there is a connection; null: they don't, or there is none, which is a reason of its own. */
export function undelivered({ notices, connection, outbox }: AgentStatus): AgentStatus['notices']['undelivered'] {
  return connection.state === 'connected' && outbox.waiting > 0 ? notices.undelivered : null;
}

function stuck({ outbox: { parked } }: AgentStatus, i18n: I18n): AttentionItem | null {
  if (parked === 0) return null;
  const body = i18n.t('item.stuck.body', { n: parked });
  return { id: 'stuck', title: i18n.t('item.stuck.title'), body, route: { screen: 'activity' } };
}

function unsent(status: AgentStatus, i18n: I18n): AttentionItem | null {
  const why = undelivered(status);
  // It is among what is said of the queue.
  if (why === null || status.store.state === 'queue_full') return null;
  const kept = i18n.t('item.unsent.kept', { n: status.outbox.waiting });
  const body = i18n.join(kept, i18n.t(`item.unsent.${why.cause}`));
  return { id: 'unsent', title: i18n.t('item.unsent.title'), body, route: { screen: 'support' } };
}

/** IT has said how much may wait (`[results] queue_max_mib`). */
function queue(status: AgentStatus, i18n: I18n): AttentionItem | null {
  if (status.store.state !== 'queue_full') return null;
  const why = undelivered(status);
  // A cause says by itself what is to be done about it.
  const then = why === null ? i18n.t('item.queue.lasts') : i18n.t(`item.unsent.${why.cause}`);
  const body = i18n.join(i18n.t('item.queue.body'), then);
  return { id: 'queue', title: i18n.t('item.queue.title'), body, route: { screen: 'support' } };
}

function isFull({ disk, store }: AgentStatus): boolean {
  return !disk.ok || store.state === 'full';
}

function disk(status: AgentStatus, i18n: I18n): AttentionItem | null {
  if (!isFull(status)) return null;
  const n = Math.ceil((status.disk.neededBytes ?? 0) / MB);
  // Either it can't be told, or there is room and what waits for it goes on in a moment.
  const body = n === 0 ? i18n.t('item.disk.unknown') : i18n.t('item.disk.body', { n });
  return { id: 'disk', title: i18n.t('item.disk.title'), body, route: { screen: 'support' } };
}

function store({ store: { state, readable } }: AgentStatus, i18n: I18n): AttentionItem | null {
  if (state !== 'read_only' && state !== 'future' && readable) return null;
  const [title, body] = [i18n.t('item.store.title'), i18n.t('item.store.body')];
  return { id: 'store', title, body, route: { screen: 'support' } };
}

function permission(status: AgentStatus, i18n: I18n): AttentionItem | null {
  const { forbidden } = status.notices;
  if (forbidden === null || forbidden.minor || status.connection.state !== 'connected') return null;
  // The same permission, said by what it keeps back.
  if (undelivered(status)?.cause === 'permission') return null;
  const [title, body] = [i18n.t('item.permission.title'), i18n.t('item.permission.body')];
  return { id: 'permission', title, body, route: { screen: 'support' } };
}

function second({ secondAgentSeen }: AgentStatus, i18n: I18n): AttentionItem | null {
  if (!secondAgentSeen) return null;
  const [title, body] = [i18n.t('item.second.title'), i18n.t('item.second.body')];
  return { id: 'second', title, body, route: { screen: 'support' } };
}

function log(status: AgentStatus, i18n: I18n): AttentionItem | null {
  // On a full disk the log is the smallest of it.
  if (status.notices.log === null || isFull(status)) return null;
  const [title, body] = [i18n.t('item.log.title'), i18n.t('item.log.body')];
  return { id: 'log', title, body, route: { screen: 'support' } };
}
