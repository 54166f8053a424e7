/** The menu of the icon, as a pure function of what is known. Everything in it is also in the window. */
import type { Route } from './app-shell-contract.ts';
import { assertNever } from './assert-never.ts';
import { claimsOf } from './claims.ts';
import { describeState, type PcSnapshot, pcName } from './describe.ts';
import { taskName } from './describe-run.ts';
import type { I18n } from './i18n/i18n.ts';
import type { AttentionItem } from './troubles.ts';

export type MenuAction =
  | { readonly kind: 'open'; readonly route: Route }
  | { readonly kind: 'copy_details' }
  | { readonly kind: 'quit_icon' }
  | { readonly kind: 'stop_management' };

/** `action: null`: a line to read. */
export type MenuEntry =
  | { readonly kind: 'line'; readonly label: string }
  | { readonly kind: 'action'; readonly label: string; readonly action: MenuAction }
  | { readonly kind: 'separator' };

export interface MenuFacts {
  readonly snapshot: PcSnapshot;
  /** Tasks that arrived since the list was last looked at. */
  readonly unseen: number;
  readonly mayQuit: boolean;
  readonly mayStop: boolean;
}

const MAX_RUNNING_LINES = 3;

export function trayMenu(facts: MenuFacts, i18n: I18n, nowMs: number): MenuEntry[] {
  const { snapshot } = facts;
  const open = (label: string, route: Route): MenuEntry => ({ kind: 'action', label, action: { kind: 'open', route } });
  const { items } = describeState(snapshot, i18n, nowMs);
  const entries: (MenuEntry | null)[] = [
    { kind: 'line', label: stateLine(snapshot, i18n, nowMs) },
    ...runningLines(snapshot, i18n, nowMs),
    attention(items, i18n),
    { kind: 'separator' },
    open(i18n.t('menu.open'), { screen: 'status' }),
    open(facts.unseen === 0 ? i18n.t('menu.activity') : i18n.t('menu.activityNew', { n: facts.unseen }), {
      screen: 'activity',
    }),
    { kind: 'separator' },
    open(i18n.t('menu.help'), { screen: 'support' }),
    { kind: 'action', label: i18n.t('menu.copy'), action: { kind: 'copy_details' } },
    open(i18n.t('menu.about'), { screen: 'about' }),
    facts.mayQuit ? { kind: 'action', label: i18n.t('menu.quit'), action: { kind: 'quit_icon' } } : null,
    facts.mayStop ? { kind: 'action', label: i18n.t('menu.stop'), action: { kind: 'stop_management' } } : null,
  ];
  return entries.filter((entry) => entry !== null);
}

/** Each task that runs, as far as there is room. */
function runningLines(snapshot: PcSnapshot, i18n: I18n, nowMs: number): MenuEntry[] {
  if (claimsOf(snapshot).now !== 'some') return [];
  const running = snapshot.status?.now.running ?? [];
  const lines = running.slice(0, MAX_RUNNING_LINES).map((run) => {
    const t = i18n.roughly(nowMs - (run.startedAtMs ?? nowMs));
    return i18n.t('menu.running', { task: taskName(run, i18n), t });
  });
  const more = running.length - lines.length;
  return [...lines, ...(more > 0 ? [i18n.t('menu.runningMore', { n: more })] : [])].map((label) => ({
    kind: 'line',
    label,
  }));
}

/** Goes to where it can be looked at. */
function attention(items: readonly AttentionItem[], i18n: I18n): MenuEntry | null {
  const [first, ...others] = items;
  if (first === undefined) return null;
  const [label, route]: [string, Route] =
    others.length === 0
      ? [i18n.t('menu.attention', { what: first.title }), first.route]
      : [i18n.t('menu.attentionMany', { n: items.length }), { screen: 'status' }];
  return { kind: 'action', label, action: { kind: 'open', route } };
}

/** "Connected · PC-0142", or the state in words. */
function stateLine(snapshot: PcSnapshot, i18n: I18n, nowMs: number): string {
  const { status } = snapshot;
  const pc = pcName(status);
  if (
    status !== null &&
    pc !== null &&
    snapshot.agentConnection.state === 'attached' &&
    status.agent.state === 'running'
  ) {
    switch (status.connection.state) {
      case 'connected':
        return i18n.t('menu.connected', { pc });
      case 'no_network':
      case 'unreachable':
        return i18n.t('menu.offline', { pc });
      case 'starting':
        return i18n.t('menu.state', { state: i18n.t('health.connecting.title'), pc });
      case 'refused':
        break;
      default:
        return assertNever(status.connection.state);
    }
  }
  return describeState(snapshot, i18n, nowMs).title;
}
