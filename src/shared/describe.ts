/**
 * The one sentence that answers "is everything all right?", for tray and window alike: both call this, so they can't
 * disagree (architecture §9.2). Shape before colour, words before numbers (ui §2).
 */
import type { AgentStatus } from './agent-status.ts';
import { assertNever } from './assert-never.ts';
import { taskName } from './describe-run.ts';
import { progressOf } from './describe-running.ts';
import type { TrayMark } from './mark-names.ts';
import type { PcFacts } from './remembered.ts';
import type { AttachmentView, Route } from './shell-contract.ts';
import { type AttentionItem, notes, troubles } from './troubles.ts';
import type { Words } from './words/words.ts';

/** What is known: the agent's own word where it is attached, else how it is missing. */
export interface Seen {
  readonly attachment: AttachmentView;
  /** null: not attached, or nothing was heard yet. */
  readonly status: AgentStatus | null;
  readonly brandName: string;
  /** Whoever shows it hears nothing any more: not even whether the agent is there. */
  readonly lost: boolean;
}

export interface Description {
  readonly mark: TrayMark;
  readonly title: string;
  readonly body: string;
  /** Since when it is not as it should be; null where it is, or where that says nothing. */
  readonly since: string | null;
  /** To look at. */
  readonly items: readonly AttentionItem[];
  /** To know: they call nobody. */
  readonly notes: readonly AttentionItem[];
  /** At most a line, for the icon. */
  readonly tooltip: string;
}

/** Something is wrong that the person can't put right: whom to call stands beside it. */
export function callsForHelp({ mark, items }: Pick<Description, 'mark' | 'items'>): 'state' | 'items' | null {
  if (mark === 'broken') return 'state';
  return items.some(({ id }) => !OWN_BUSINESS.includes(id)) ? 'items' : null;
}

/** What the person does, or what goes by itself. */
const OWN_BUSINESS: readonly AttentionItem['id'][] = ['restart', 'user', 'update'];

const DAY_MS = 24 * 60 * 60 * 1_000;

export function describeState(seen: Seen, words: Words, nowMs: number): Description {
  const { status } = seen;
  if (seen.lost) return plain('broken', 'lost', seen.brandName, words);
  if (status === null || seen.attachment.state !== 'attached') return absent(seen, words, nowMs);
  const stopped = waiting(seen, status, words);
  if (stopped !== null) return stopped;
  const items = attentionItems(status, words);
  return { ...working(seen, status, items, words, nowMs), items, notes: notes(status, words, nowMs) };
}

type Said = Omit<Description, 'items' | 'notes'>;

/** While the agent takes tasks. */
function working(seen: Seen, status: AgentStatus, items: readonly AttentionItem[], words: Words, nowMs: number): Said {
  if (status.connection.state === 'refused') return refused(seen, status, words, nowMs);
  const [running, ...others] = status.now.running;
  const offline = status.connection.state !== 'connected';
  const spoken = offline ? offlineWords(status, words, nowMs) : connectedWords(status, words, nowMs);
  const attention = { title: words.say('health.attention.title', { n: items.length }), body: spoken.body };
  const said = items.length > 0 ? attention : spoken;
  const since = offline ? spoken.since : null;
  if (running !== undefined) {
    const t = words.roughly(nowMs - (running.startedAtMs ?? nowMs));
    const { said: usual } = progressOf(running, words, nowMs);
    const tooltip =
      others.length === 0
        ? words.say('tray.running', {
            task: taskName(running, words),
            t: words.list(usual === null ? [t] : [t, usual]),
          })
        : words.say('tray.runningMany', { n: others.length + 1 });
    return { mark: 'running', ...said, since, tooltip };
  }
  if (items.length > 0) {
    return { mark: 'attention', ...said, since, tooltip: words.say('tray.attention', { n: items.length }) };
  }
  if (offline && status.connection.state === 'starting') {
    const tooltip = words.say('tray.faulty', { name: seen.brandName, state: spoken.title });
    return { mark: 'offline', ...said, since: null, tooltip };
  }
  if (offline) return { mark: 'offline', ...said, since, tooltip: words.say('tray.offline') };
  return { mark: 'idle', ...said, since, tooltip: words.say('tray.connected', { name: seen.brandName }) };
}

function absent({ attachment, brandName }: Seen, words: Words, nowMs: number): Description {
  switch (attachment.state) {
    case 'starting':
    // The first word has not come yet.
    case 'attached':
      return plain('offline', 'starting', brandName, words);
    case 'incompatible':
      return plain('broken', 'incompatible', brandName, words);
    case 'down':
      return down(attachment, words, nowMs);
    default:
      return assertNever(attachment.state);
  }
}

function down({ sinceMs, restartAtMs }: AttachmentView, words: Words, nowMs: number): Description {
  const restart =
    restartAtMs === null
      ? null
      : words.say('health.down.restarts', { t: words.duration(Math.max(1_000, restartAtMs - nowMs)) });
  return {
    mark: 'broken',
    title: words.say('health.down.title'),
    body: words.join(words.say('health.down.body'), restart),
    since: words.say('health.down.since', { time: words.moment(sinceMs, nowMs) }),
    items: [],
    notes: [],
    tooltip: words.say('tray.broken'),
  };
}

/** The states in which the agent is there and takes no tasks; null: it does. */
function waiting({ brandName }: Seen, { agent }: AgentStatus, words: Words): Description | null {
  switch (agent.state) {
    case 'starting':
      return plain('offline', 'starting', brandName, words);
    case 'not_set_up':
      return plain('offline', 'notSetUp', brandName, words);
    case 'elsewhere':
      return plain('offline', 'elsewhere', brandName, words);
    case 'original_running':
      return plain('offline', 'original', brandName, words);
    case 'draining':
      return plain('offline', 'draining', brandName, words);
    case 'config_invalid':
      return plain('broken', 'config', brandName, words);
    case 'not_trusted':
      return plain('broken', 'untrusted', brandName, words);
    case 'down':
      return { ...plain('broken', 'down', brandName, words), tooltip: words.say('tray.broken') };
    case 'running':
      return null;
    default:
      return assertNever(agent.state);
  }
}

type StatedAs =
  | 'starting'
  | 'lost'
  | 'incompatible'
  | 'notSetUp'
  | 'elsewhere'
  | 'original'
  | 'draining'
  | 'config'
  | 'untrusted'
  | 'down';

function plain(mark: TrayMark, key: StatedAs, name: string, words: Words): Description {
  const title = words.say(`health.${key}.title`);
  const tooltip = words.say('tray.faulty', { name, state: title });
  return { mark, title, body: words.say(`health.${key}.body`), since: null, items: [], notes: [], tooltip };
}

function refused(seen: Seen, { connection }: AgentStatus, words: Words, nowMs: number): Said {
  const title = words.say('health.refused.title');
  return {
    mark: 'broken',
    title,
    body: words.say('health.refused.body'),
    since: words.say('health.offline.since', { time: words.moment(connection.sinceMs, nowMs) }),
    tooltip: words.say('tray.faulty', { name: seen.brandName, state: title }),
  };
}

function connectedWords({ connection }: AgentStatus, words: Words, nowMs: number) {
  const last = connection.lastGoodAtMs;
  const body =
    last === null ? words.say('health.connected.body') : words.say('health.ok.body', { ago: words.ago(last, nowMs) });
  return { title: words.say('health.ok.title'), body, since: null };
}

function offlineWords({ connection }: AgentStatus, words: Words, nowMs: number) {
  const { state, sinceMs } = connection;
  const offlineMs = nowMs - sinceMs;
  const since =
    offlineMs > DAY_MS
      ? words.say('health.offline.long', { t: words.duration(offlineMs) })
      : words.say('health.offline.since', { time: words.moment(sinceMs, nowMs) });
  switch (state) {
    case 'starting':
      return { title: words.say('health.connecting.title'), body: words.say('health.connecting.body'), since: null };
    case 'no_network':
      return { title: words.say('health.offline.title'), body: words.say('health.noNetwork.body'), since };
    case 'unreachable':
    // Whoever is refused, or connected, is told otherwise.
    case 'refused':
    case 'connected':
      return { title: words.say('health.unreachable.title'), body: words.say('health.unreachable.body'), since };
    default:
      return assertNever(state);
  }
}

function attentionItems(status: AgentStatus, words: Words): AttentionItem[] {
  const items: AttentionItem[] = [];
  const add = (id: AttentionItem['id'], title: string, body: string, route: Route) =>
    items.push({ id, title, body, route });
  if (status.restartRequired) {
    add('restart', words.say('item.restart.title'), words.say('item.restart.body'), { screen: 'updates' });
  }
  const { state, wanted } = status.update;
  if (state === 'waiting' || state === 'verified' || state === 'refused' || state === 'rolled_back') {
    const { title, body } = describeUpdate({ state, wanted }, words);
    add('update', title, body, { screen: 'updates' });
  }
  const forUser = status.now.waiting.find((run) => run.state === 'waiting_user');
  if (forUser !== undefined) {
    const body = words.say('item.user.body', { task: taskName(forUser, words) });
    add('user', words.say('item.user.title'), body, { screen: 'run', run: forUser.run });
  }
  return [...items, ...troubles(status, words)];
}

/** The state of the update in words (every value of architecture §5). */
export function describeUpdate(
  { state, wanted }: Pick<AgentStatus['update'], 'state' | 'wanted'>,
  words: Words,
): { readonly title: string; readonly body: string } {
  const v = wanted ?? '';
  switch (state) {
    case 'none':
      return {
        title: words.say('update.none.title'),
        body: words.say(wanted === null ? 'update.noneSaid.body' : 'update.none.body'),
      };
    case 'wanted_not_ours':
    case 'downloading':
    case 'installing':
      return { title: words.say(`update.${state}.title`, { v }), body: words.say(`update.${state}.body`) };
    case 'rolled_back':
      return { title: words.say('update.rolled_back.title'), body: words.say('update.rolled_back.body', { v }) };
    case 'waiting':
    case 'verified':
    case 'refused':
      return { title: words.say(`update.${state}.title`), body: words.say(`update.${state}.body`) };
    default:
      return assertNever(state);
  }
}

/** The facts of this PC as lines to copy into a mail to the service desk. */
export function pcDetails(seen: Seen, pc: PcFacts | null, userName: string, words: Words, nowMs: number): string {
  const lines = [
    words.say('details.pc', { pc: pc?.name ?? '–' }),
    words.say('details.user', { user: userName }),
    words.say('details.version', { v: pc?.version ?? '–' }),
    words.say('details.groups', { groups: words.list(pc?.groups ?? []) || '–' }),
    words.say('details.state', { state: describeState(seen, words, nowMs).title }),
  ];
  return lines.join('\n');
}

/** The name of the PC in the fleet, else that of the computer. */
export function pcName(status: AgentStatus | null): string | null {
  return status === null ? null : (status.identity.pcId ?? status.identity.hostname);
}
