/**
 * What is new since the person looked last: the count in the menu, and what the rules of notifications are told. Invariant:
 * a change that comes during a check is checked afterwards, whichever agent it came from.
 */
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentClient } from '../shared/client.ts';
import { LinkClosed } from '../shared/rpc.ts';
import { DEFAULT_UI } from '../shared/ui-settings.ts';
import type { AppLog } from './log.ts';
import type { NotificationRules } from './notification-rules.ts';
import type { PreferencesFile } from './preferences.ts';

export interface NewsOptions {
  readonly preferences: PreferencesFile;
  readonly rules: Pick<NotificationRules, 'check'>;
  readonly log: AppLog;
  readonly onChange: () => void;
}

type Asked = Pick<AgentClient, 'call'>;

const MAX_RUNS = 50;

export class UnseenRuns {
  readonly #options: NewsOptions;
  #unseen = 0;
  #checking = false;
  #next: { readonly agent: Asked; readonly status: AgentStatus } | null = null;

  constructor(options: NewsOptions) {
    this.#options = options;
  }

  /** Tasks that arrived since the list was last looked at. */
  get unseen(): number {
    return this.#unseen;
  }

  /** `agent` has said its newest `status`. Resolves when nothing is left to check. */
  async changed(agent: Asked, status: AgentStatus): Promise<void> {
    this.#next = { agent, status };
    if (this.#checking) return;
    this.#checking = true;
    for (let next = this.#take(); next !== null; next = this.#take()) {
      try {
        await this.#check(next.agent, next.status);
      } catch (error) {
        if (!(error instanceof LinkClosed)) this.#options.log.error('looking at the tasks', error);
      }
    }
    this.#checking = false;
  }

  /** The list is on the screen: what is in it is new no more. Without an agent that is not remembered. */
  async seen(agent: Asked | null): Promise<void> {
    this.#unseen = 0;
    this.#options.onChange();
    try {
      const page = await agent?.call('runs.list', { limit: 1 });
      if (page !== undefined) this.#remember(page.rows[0]?.run ?? 0);
    } catch {
      // The agent went away meanwhile: the count comes back with it.
    }
  }

  #take() {
    const next = this.#next;
    this.#next = null;
    return next;
  }

  async #check(agent: Asked, status: AgentStatus): Promise<void> {
    const { rows } = await agent.call('runs.list', { limit: MAX_RUNS });
    const newest = rows[0]?.run ?? 0;
    const { seenRun, preferences, ui } = this.#options.preferences.value;
    if (seenRun === null || newest < seenRun) {
      // The first check ever, or a store that began again and counts from one.
      this.#remember(newest);
      this.#unseen = 0;
    } else if (newest === seenRun) this.#unseen = 0;
    else {
      const newer = await agent.call('runs.list', { afterRun: seenRun, limit: 1 });
      this.#unseen = newer.total?.matching ?? 0;
    }
    this.#options.rules.check({
      status,
      rows,
      notifyOnRun: (ui ?? DEFAULT_UI).notifyOnRun,
      wanted: preferences.notifications,
    });
    this.#options.onChange();
  }

  #remember(run: number): void {
    if (run !== this.#options.preferences.value.seenRun) this.#options.preferences.set({ seenRun: run });
  }
}
