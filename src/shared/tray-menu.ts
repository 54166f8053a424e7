/** The menu of the icon, as a pure function of what is known. Everything in it is also in the window. */

import { assertNever } from './assert-never.ts';
import { describeState, pcName, type Seen } from './describe.ts';
import { taskName } from './describe-run.ts';
import type { Route } from './shell-contract.ts';
import type { Words } from './words/words.ts';

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
  readonly seen: Seen;
  /** Tasks that arrived since the list was last looked at. */
  readonly unseen: number;
  readonly mayQuit: boolean;
  readonly mayStop: boolean;
}

export function trayMenu(facts: MenuFacts, words: Words, nowMs: number): MenuEntry[] {
  const { seen } = facts;
  const open = (label: string, route: Route): MenuEntry => ({ kind: 'action', label, action: { kind: 'open', route } });
  const running = seen.attachment.state === 'attached' ? seen.status?.now.running[0] : undefined;
  const entries: (MenuEntry | null)[] = [
    { kind: 'line', label: stateLine(seen, words, nowMs) },
    running === undefined
      ? null
      : {
          kind: 'line',
          label: words.say('menu.running', {
            task: taskName(running, words),
            t: words.roughly(nowMs - (running.startedAtMs ?? nowMs)),
          }),
        },
    { kind: 'separator' },
    open(words.say('menu.open'), { screen: 'status' }),
    open(facts.unseen === 0 ? words.say('menu.activity') : words.say('menu.activityNew', { n: facts.unseen }), {
      screen: 'activity',
    }),
    seen.status?.restartRequired ? open(words.say('menu.restart'), { screen: 'updates' }) : null,
    { kind: 'separator' },
    open(words.say('menu.help'), { screen: 'support' }),
    { kind: 'action', label: words.say('menu.copy'), action: { kind: 'copy_details' } },
    open(words.say('menu.about'), { screen: 'about' }),
    facts.mayQuit ? { kind: 'action', label: words.say('menu.quit'), action: { kind: 'quit_icon' } } : null,
    facts.mayStop ? { kind: 'action', label: words.say('menu.stop'), action: { kind: 'stop_management' } } : null,
  ];
  return entries.filter((entry) => entry !== null);
}

/** "Connected · PC-0142", or the state in words. */
function stateLine(seen: Seen, words: Words, nowMs: number): string {
  const { status } = seen;
  const pc = pcName(status);
  if (status !== null && pc !== null && seen.attachment.state === 'attached' && status.agent.state === 'running') {
    switch (status.connection.state) {
      case 'connected':
        return words.say('menu.connected', { pc });
      case 'no_network':
      case 'unreachable':
        return words.say('menu.offline', { pc });
      case 'starting':
      case 'refused':
        break;
      default:
        return assertNever(status.connection.state);
    }
  }
  return describeState(seen, words, nowMs).title;
}
