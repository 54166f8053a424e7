/**
 * The one sentence that answers "is everything all right?", for tray and window alike: both call this, so they can't
 * disagree (architecture §9.2). Shape before colour, words before numbers (ui §2).
 */
import type { AgentStatus } from './agent-status.ts';
import type { AgentConnectionView, Route } from './app-shell-contract.ts';
import { assertNever } from './assert-never.ts';
import { taskName } from './describe-run.ts';
import { progressOf } from './describe-running.ts';
import { describeUpdate, hasFailed } from './describe-update.ts';
import type { I18n } from './i18n/i18n.ts';
import type { TrayMark } from './mark-names.ts';
import type { PcFacts } from './remembered.ts';
import type { StartFailure } from './start-failure.ts';
import { DAY_MS } from './time-units.ts';
import { type AttentionItem, notes, takesTasks, troubles } from './troubles.ts';

/** What is known: the agent's own word where it is attached, else how it is missing. */
export interface PcSnapshot {
  readonly agentConnection: AgentConnectionView;
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

export function describeState(snapshot: PcSnapshot, i18n: I18n, nowMs: number): Description {
  const { status } = snapshot;
  if (snapshot.lost) return plain('broken', 'lost', snapshot.brandName, i18n);
  if (status === null || snapshot.agentConnection.state !== 'attached') return absent(snapshot, i18n, nowMs);
  const stopped = waiting(snapshot, status, i18n);
  if (stopped !== null) return stopped;
  const items = attentionItems(status, i18n);
  return { ...working(snapshot, status, items, i18n, nowMs), items, notes: notes(status, i18n, nowMs) };
}

type Said = Omit<Description, 'items' | 'notes'>;

/** While the agent takes tasks. */
function working(
  snapshot: PcSnapshot,
  status: AgentStatus,
  items: readonly AttentionItem[],
  i18n: I18n,
  nowMs: number,
): Said {
  if (status.connection.state === 'refused') return refused(snapshot, status, i18n, nowMs);
  const [running, ...others] = status.now.running;
  const offline = status.connection.state !== 'connected';
  const spoken = offline ? offlineWords(status, i18n, nowMs) : connectedWords(status, i18n, nowMs);
  // Where the title counts, the state stands before what to do about it; that there is no network says it itself.
  const state = offline && status.connection.state !== 'no_network' ? `${spoken.title}${i18n.t('report.stop')}` : null;
  const attention = {
    title: i18n.t('health.attention.title', { n: items.length }),
    body: i18n.join(state, spoken.body),
  };
  const said = items.length > 0 ? attention : spoken;
  const since = offline ? spoken.since : null;
  if (running !== undefined) {
    const t = i18n.roughly(nowMs - (running.startedAtMs ?? nowMs));
    const { said: usual } = progressOf(running, i18n, nowMs);
    const tooltip =
      others.length === 0
        ? i18n.t('tray.running', {
            task: taskName(running, i18n),
            t: i18n.list(usual === null ? [t] : [t, usual]),
          })
        : i18n.t('tray.runningMany', { n: others.length + 1 });
    return { mark: 'running', ...said, since, tooltip };
  }
  if (items.length > 0) {
    return { mark: 'attention', ...said, since, tooltip: i18n.t('tray.attention', { n: items.length }) };
  }
  if (offline && status.connection.state === 'starting') {
    const tooltip = i18n.t('tray.trouble', { name: snapshot.brandName, state: spoken.title });
    return { mark: 'offline', ...said, since: null, tooltip };
  }
  if (offline) return { mark: 'offline', ...said, since, tooltip: i18n.t('tray.offline') };
  return { mark: 'idle', ...said, since, tooltip: i18n.t('tray.connected', { name: snapshot.brandName }) };
}

function absent({ agentConnection, brandName }: PcSnapshot, i18n: I18n, nowMs: number): Description {
  const { startFailure } = agentConnection;
  if (startFailure !== null) return notStarted(startFailure, brandName, i18n);
  switch (agentConnection.state) {
    case 'starting':
    // The first word has not come yet.
    case 'attached':
      return plain('offline', 'starting', brandName, i18n);
    case 'incompatible':
      return plain('broken', 'incompatible', brandName, i18n);
    case 'down':
      return down(agentConnection, i18n, nowMs);
    default:
      return assertNever(agentConnection.state);
  }
}

function down({ goneAtMs, restartAtMs }: AgentConnectionView, i18n: I18n, nowMs: number): Description {
  const restart =
    restartAtMs === null
      ? null
      : i18n.t('health.down.restarts', { t: i18n.duration(Math.max(1_000, restartAtMs - nowMs)) });
  return {
    mark: 'broken',
    title: i18n.t('health.down.title'),
    body: i18n.join(i18n.t('health.down.body'), restart),
    // Whoever has come since does not know when.
    since: goneAtMs === null ? null : i18n.t('health.down.since', { time: i18n.moment(goneAtMs, nowMs) }),
    items: [],
    notes: [],
    tooltip: i18n.t('tray.broken'),
  };
}

/** The states in which the agent is there and takes no tasks; null: it does. */
function waiting({ brandName }: PcSnapshot, { agent }: AgentStatus, i18n: I18n): Description | null {
  switch (agent.state) {
    case 'starting':
      return plain('offline', 'starting', brandName, i18n);
    case 'not_set_up':
    case 'config_invalid':
    case 'not_trusted':
      return notStarted(agent.state, brandName, i18n);
    case 'elsewhere':
      return plain('offline', 'elsewhere', brandName, i18n);
    case 'original_running':
      return plain('offline', 'original', brandName, i18n);
    case 'draining':
      return plain('offline', 'draining', brandName, i18n);
    case 'down':
      return { ...plain('broken', 'down', brandName, i18n), tooltip: i18n.t('tray.broken') };
    case 'running':
      return null;
    default:
      return assertNever(agent.state);
  }
}

/** Its settings are why it takes no tasks, whether it is there to say so or not. */
function notStarted(failure: StartFailure, brandName: string, i18n: I18n): Description {
  switch (failure) {
    case 'not_set_up':
      return plain('offline', 'notSetUp', brandName, i18n);
    case 'config_invalid':
      return plain('broken', 'config', brandName, i18n);
    case 'not_trusted':
      return plain('broken', 'untrusted', brandName, i18n);
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

function plain(mark: TrayMark, key: StatedAs, name: string, i18n: I18n): Description {
  const title = i18n.t(`health.${key}.title`);
  const tooltip = i18n.t('tray.trouble', { name, state: title });
  return { mark, title, body: i18n.t(`health.${key}.body`), since: null, items: [], notes: [], tooltip };
}

function refused(snapshot: PcSnapshot, { connection }: AgentStatus, i18n: I18n, nowMs: number): Said {
  const title = i18n.t('health.refused.title');
  return {
    mark: 'broken',
    title,
    body: i18n.t('health.refused.body'),
    since: i18n.t('health.offline.since', { time: i18n.moment(connection.sinceMs, nowMs) }),
    tooltip: i18n.t('tray.trouble', { name: snapshot.brandName, state: title }),
  };
}

function connectedWords({ connection }: AgentStatus, i18n: I18n, nowMs: number) {
  const last = connection.lastGoodAtMs;
  const body =
    last === null ? i18n.t('health.connected.body') : i18n.t('health.ok.body', { ago: i18n.ago(last, nowMs) });
  return { title: i18n.t('health.ok.title'), body, since: null };
}

function offlineWords(status: AgentStatus, i18n: I18n, nowMs: number) {
  const { state, sinceMs } = status.connection;
  const offlineMs = nowMs - sinceMs;
  const since =
    offlineMs > DAY_MS
      ? i18n.t('health.offline.long', { t: i18n.duration(offlineMs) })
      : i18n.t('health.offline.since', { time: i18n.moment(sinceMs, nowMs) });
  const body = (why: string) => i18n.join(why, takesTasks(status) ? i18n.t('health.offline.goesOn') : null);
  switch (state) {
    case 'starting':
      return { title: i18n.t('health.connecting.title'), body: i18n.t('health.connecting.body'), since: null };
    case 'no_network':
      return { title: i18n.t('health.offline.title'), body: body(i18n.t('health.noNetwork.body')), since };
    case 'unreachable':
    // Whoever is refused, or connected, is told otherwise.
    case 'refused':
    case 'connected':
      return { title: i18n.t('health.unreachable.title'), body: body(i18n.t('health.unreachable.body')), since };
    default:
      return assertNever(state);
  }
}

function attentionItems(status: AgentStatus, i18n: I18n): AttentionItem[] {
  const items: AttentionItem[] = [];
  const add = (id: AttentionItem['id'], title: string, body: string, route: Route) =>
    items.push({ id, title, body, route });
  if (status.restartRequired) {
    add('restart', i18n.t('item.restart.title'), i18n.t('item.restart.body'), { screen: 'updates' });
  }
  const { state, taking } = status.update;
  // That it comes later by itself is nothing to look at; that it can't for want of room is.
  const lacksRoom = state === 'waiting' && taking?.waitsFor === 'room';
  const failed = hasFailed(status.update);
  if (lacksRoom || state === 'verified' || failed) {
    const { title, body } = describeUpdate(status.update, i18n);
    add(failed ? 'update_failed' : 'update', title, body, { screen: 'updates' });
  }
  const forUser = status.now.waiting.find((run) => run.state === 'waiting_user');
  if (forUser !== undefined) {
    const body = i18n.t('item.user.body', { task: taskName(forUser, i18n) });
    add('user', i18n.t('item.user.title'), body, { screen: 'run', run: forUser.run });
  }
  return [...items, ...troubles(status, i18n)];
}

/** The facts of this PC as lines to copy into a mail to the service desk. */
export function pcDetails(
  snapshot: PcSnapshot,
  pc: PcFacts | null,
  userName: string,
  i18n: I18n,
  nowMs: number,
): string {
  const lines = [
    i18n.t('details.pc', { pc: pc?.name ?? '–' }),
    i18n.t('details.user', { user: userName }),
    i18n.t('details.version', { v: pc?.version ?? '–' }),
    i18n.t('details.groups', { groups: groupsText(pc?.groups ?? null, i18n) }),
    i18n.t('details.state', { state: describeState(snapshot, i18n, nowMs).title }),
  ];
  return lines.join('\n');
}

/** That it is in none is said only where that is known. */
export function groupsText(groups: readonly string[] | null, i18n: I18n): string {
  if (groups === null) return '–';
  return groups.length === 0 ? i18n.t('support.none.groups') : i18n.list(groups);
}

/** The name of the PC in the fleet, else that of the computer. */
export function pcName(status: AgentStatus | null): string | null {
  return status === null ? null : (status.identity.pcId ?? status.identity.hostname);
}
