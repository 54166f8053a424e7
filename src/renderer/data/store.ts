/**
 * What the window knows, in one place that components read by selectors: the app shell's state, the agent's state while it is
 * attached, and where the window is. A new state of the agent counts `revision` up, which makes open queries ask again.
 */
import type { AgentStatus } from '../../shared/agent-status.ts';
import type { AppShellState, Route } from '../../shared/app-shell-contract.ts';
import type { Link } from '../../shared/link.ts';
import { type WindowClient, windowClient } from './window-client.ts';

export interface WindowState {
  /** null: the app shell has not answered yet. */
  readonly appShell: AppShellState | null;
  /** null: no agent, or it has not answered yet. */
  readonly status: AgentStatus | null;
  /** The last word of an agent that is gone; what was seen stays readable. */
  readonly lastStatus: AgentStatus | null;
  readonly route: Route;
  /** The way back from a detail: the list is as it was left, and so is the focus; null: another way. */
  readonly cameBackFrom: number | null;
  /** Where the way back from a detail leads. */
  readonly backTo: 'activity' | 'helpdesk';
  /** The helpdesk's view was open and is not any more, `away`: since the agent was; null: nobody has to be told. */
  readonly viewEnded: 'over' | 'away' | null;
  /** Counts the states that came from the agent. */
  readonly revision: number;
  /** The link to the app shell is gone: nothing can change any more. */
  readonly lost: boolean;
  /** When the agent was noticed to be gone, ms since the epoch: what was known of its tasks is of before; null: it is there. */
  readonly goneAtMs: number | null;
}

export class WindowStore {
  readonly client: WindowClient;
  #state: WindowState = {
    appShell: null,
    status: null,
    lastStatus: null,
    route: { screen: 'status' },
    cameBackFrom: null,
    backTo: 'activity',
    viewEnded: null,
    revision: 0,
    lost: false,
    goneAtMs: null,
  };
  readonly #listeners = new Set<() => void>();
  #subscribedTo: number | null = null;
  #lastList: Route = { screen: 'activity' };
  #moved = false;
  /** Counts pushes. */
  #heard = 0;

  constructor(link: Link) {
    this.client = windowClient(link, {
      // What came before we were ready is handed over while `client` is still being made.
      onPush: (name, params) => queueMicrotask(() => this.#pushed(name, params)),
      onClose: () => {
        this.#set({ lost: true });
        this.#leaveHelpdesk();
      },
    });
    void this.#begin();
  }

  readonly state = (): WindowState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly go = (route: Route): void => {
    this.#moved = true;
    const from = this.#state.route;
    if (from.screen === 'activity') this.#lastList = from;
    const backTo = route.screen === 'run' && from.screen === 'run' ? this.#state.backTo : backFrom(from);
    this.#set({ route, cameBackFrom: null, backTo });
  };

  /** From a detail to the list that it was opened from. */
  readonly goBack = (): void => {
    const { route, backTo } = this.#state;
    if (route.screen === 'run' && backTo === 'helpdesk') this.go({ screen: 'helpdesk' });
    else if (route.screen === 'run') this.#set({ route: this.#lastList, cameBackFrom: route.run });
  };

  readonly closeViewEnded = (): void => this.#set({ viewEnded: null });

  async #begin(): Promise<void> {
    const heard = this.#heard;
    const hello = await this.client.ask('shell.hello', {});
    if (!hello.ok) return;
    // Whoever has clicked already is where they want to be.
    if (!this.#moved) this.#set({ route: hello.value.route });
    // A push that was handled while the answer made its way through promises is newer than the answer.
    if (this.#heard === heard) this.#appShellChanged(hello.value.state);
  }

  #pushed(name: string, params: unknown): void {
    this.#heard += 1;
    if (name === 'shell.changed') this.#appShellChanged(params as AppShellState);
    else if (name === 'shell.navigate') this.go(params as Route);
    else if (name === 'state.changed') this.#statusChanged(params as AgentStatus);
  }

  #appShellChanged(appShell: AppShellState): void {
    const { state, sinceMs } = appShell.agentConnection;
    const isNew = state !== 'attached' || this.#subscribedTo !== sinceMs;
    if (isNew && isUnlocked(this.#state.status)) this.#set({ viewEnded: 'away' });
    if (state === 'attached') {
      this.#set({ appShell, goneAtMs: null });
      // Each agentConnection is a new connection of the agent's: it has to be subscribed to again.
      if (this.#subscribedTo !== sinceMs) void this.#follow(sinceMs);
    } else {
      this.#subscribedTo = null;
      this.#set({ appShell, status: null, goneAtMs: this.#state.goneAtMs ?? Date.now() });
      this.#leaveHelpdesk();
    }
  }

  async #follow(attachedSinceMs: number): Promise<void> {
    this.#subscribedTo = attachedSinceMs;
    const heard = this.#heard;
    const answer = await this.client.ask('state.subscribe', {});
    if (this.#subscribedTo !== attachedSinceMs) return;
    if (!answer.ok) this.#subscribedTo = null;
    else if (this.#heard === heard || this.#state.status === null) this.#statusChanged(answer.value);
  }

  #statusChanged(status: AgentStatus): void {
    if (this.#subscribedTo === null) return;
    const before = this.#state.status;
    if (isUnlocked(status)) this.#set({ viewEnded: null });
    else if (isUnlocked(before) && this.#state.viewEnded === null) this.#set({ viewEnded: 'over' });
    this.#set({ status, lastStatus: status, revision: this.#state.revision + 1 });
    if (!isUnlocked(status)) this.#leaveHelpdesk();
    else if (before !== null && !isUnlocked(before) && this.#state.route.screen === 'support') {
      // Who has gone on while the code was looked at is where they want to be.
      this.go({ screen: 'helpdesk' });
    }
  }

  /** Its view has ended. */
  #leaveHelpdesk(): void {
    if (this.#state.backTo === 'helpdesk') this.#set({ backTo: 'activity' });
    if (this.#state.route.screen === 'helpdesk') this.go({ screen: 'status' });
  }

  #set(changed: Partial<WindowState>): void {
    this.#state = { ...this.#state, ...changed };
    for (const listener of this.#listeners) listener();
  }
}

/** Whether the helpdesk's view is open. */
export function isUnlocked(status: AgentStatus | null): boolean {
  return status !== null && status.helpdesk.unlockedUntilMs !== null;
}

function backFrom(route: Route): WindowState['backTo'] {
  return route.screen === 'helpdesk' ? 'helpdesk' : 'activity';
}
