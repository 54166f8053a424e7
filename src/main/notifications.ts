/** Shows what the rules say, when they say it. */
import { Notification } from 'electron';
import type { Route } from '../shared/shell-contract.ts';
import type { Words } from '../shared/words/words.ts';
import type { NotificationRules, Toast } from './notification-rules.ts';

export interface NotifierOptions {
  readonly rules: NotificationRules;
  readonly words: () => Words;
  readonly icon: string;
  readonly onClick: (route: Route) => void;
}

export class Notifier {
  readonly #o: NotifierOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Kept, or a notification that is collected as garbage forgets its click. */
  #shown: Notification | null = null;

  constructor(options: NotifierOptions) {
    this.#o = options;
  }

  /** Something was noted: shows what is due, and comes back for the rest. */
  flush(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const toast = this.#o.rules.next(this.#o.words(), nowMs);
    if (toast !== null) this.#show(toast);
    const dueInMs = this.#o.rules.dueInMs(nowMs);
    if (dueInMs !== null) this.#timer = setTimeout(() => this.flush(), dueInMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #show({ title, body, route }: Toast): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body, icon: this.#o.icon });
    notification.on('click', () => this.#o.onClick(route));
    this.#shown = notification;
    notification.on('close', () => {
      if (this.#shown === notification) this.#shown = null;
    });
    notification.show();
  }
}
