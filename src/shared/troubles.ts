/**
 * What the agent knows of its own troubles, one sentence each: what happened, whether it changes anything, and who puts it
 * right. Invariant: being offline is no trouble, and one cause is said once.
 */
import type { AgentStatus } from './agent-status.ts';
import type { Route } from './shell-contract.ts';
import type { Words } from './words/words.ts';

/** Something that a person should look at, or know. */
export interface AttentionItem {
  readonly id:
    | 'restart'
    | 'update'
    | 'user'
    | 'stuck'
    | 'unsent'
    | 'disk'
    | 'store'
    | 'permission'
    | 'second'
    | 'log'
    | 'clock'
    | 'anew';
  readonly title: string;
  readonly body: string;
  readonly route: Route;
}

const MB = 1_000_000;

/** To look at. */
export function troubles(status: AgentStatus, words: Words): AttentionItem[] {
  return [
    stuck(status, words),
    unsent(status, words),
    disk(status, words),
    store(status, words),
    permission(status, words),
    second(status, words),
    log(status, words),
  ].filter((item) => item !== null);
}

/** To know, without being called to it. */
export function notes({ notices, store: { state } }: AgentStatus, words: Words, nowMs: number): AttentionItem[] {
  const items: AttentionItem[] = [];
  if (notices.clock !== null) {
    const { byMs, atMs } = notices.clock;
    const t = words.duration(Math.abs(byMs));
    const title = words.say(byMs > 0 ? 'item.clock.forward' : 'item.clock.back', { t });
    const body = words.say('item.clock.body', { time: words.moment(atMs, nowMs) });
    items.push({ id: 'clock', title, body, route: { screen: 'activity' } });
  }
  if (state === 'quarantined') {
    const [title, body] = [words.say('item.anew.title'), words.say('item.anew.body')];
    items.push({ id: 'anew', title, body, route: { screen: 'activity' } });
  }
  return items;
}

/** Why results wait although there is a connection; null: they don't, or there is none, which is a reason of its own. */
export function undelivered({ notices, connection, outbox }: AgentStatus): AgentStatus['notices']['undelivered'] {
  return connection.state === 'connected' && outbox.waiting > 0 ? notices.undelivered : null;
}

function stuck({ outbox: { parked } }: AgentStatus, words: Words): AttentionItem | null {
  if (parked === 0) return null;
  const body = words.say('item.stuck.body', { n: parked });
  return { id: 'stuck', title: words.say('item.stuck.title'), body, route: { screen: 'activity' } };
}

function unsent(status: AgentStatus, words: Words): AttentionItem | null {
  const why = undelivered(status);
  if (why === null) return null;
  const kept = words.say('item.unsent.kept', { n: status.outbox.waiting });
  const body = words.join(kept, words.say(`item.unsent.${why.cause}`));
  return { id: 'unsent', title: words.say('item.unsent.title'), body, route: { screen: 'support' } };
}

function isFull({ disk, store }: AgentStatus): boolean {
  return !disk.ok || store.state === 'full';
}

function disk(status: AgentStatus, words: Words): AttentionItem | null {
  if (!isFull(status)) return null;
  const n = Math.ceil((status.disk.neededBytes ?? 0) / MB);
  // Either it can't be told, or there is room and what waits for it goes on in a moment.
  const body = n === 0 ? words.say('item.disk.unknown') : words.say('item.disk.body', { n });
  return { id: 'disk', title: words.say('item.disk.title'), body, route: { screen: 'support' } };
}

function store({ store: { state, readable } }: AgentStatus, words: Words): AttentionItem | null {
  if (state !== 'read_only' && state !== 'future' && readable) return null;
  const [title, body] = [words.say('item.store.title'), words.say('item.store.body')];
  return { id: 'store', title, body, route: { screen: 'support' } };
}

function permission(status: AgentStatus, words: Words): AttentionItem | null {
  const { forbidden } = status.notices;
  if (forbidden === null || forbidden.minor || status.connection.state !== 'connected') return null;
  // The same permission, said by what it keeps back.
  if (undelivered(status)?.cause === 'permission') return null;
  const [title, body] = [words.say('item.permission.title'), words.say('item.permission.body')];
  return { id: 'permission', title, body, route: { screen: 'support' } };
}

function second({ secondAgentSeen }: AgentStatus, words: Words): AttentionItem | null {
  if (!secondAgentSeen) return null;
  const [title, body] = [words.say('item.second.title'), words.say('item.second.body')];
  return { id: 'second', title, body, route: { screen: 'support' } };
}

function log(status: AgentStatus, words: Words): AttentionItem | null {
  // On a full disk the log is the smallest of it.
  if (status.notices.log === null || isFull(status)) return null;
  const [title, body] = [words.say('item.log.title'), words.say('item.log.body')];
  return { id: 'log', title, body, route: { screen: 'support' } };
}
