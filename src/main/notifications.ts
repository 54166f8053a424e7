/** Shows what the rules say, when they say it. */
import { Notification } from 'electron';
import type { Route } from '../shared/app-shell-contract.ts';
import type { I18n } from '../shared/i18n/i18n.ts';
import type { NotificationRules, Toast } from './notification-rules.ts';

export interface NotifierOptions {
  readonly rules: NotificationRules;
  readonly i18n: () => I18n;
  readonly icon: string;
  readonly onClick: (route: Route) => void;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Kept, or a notification that is collected as garbage forgets its click. */
  #shown: Notification | null = null;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Something was noted: shows what is due, and comes back for the rest. */
  flush(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const toast = this.#options.rules.next(this.#options.i18n(), nowMs);
    if (toast !== null) this.#show(toast);
    const dueInMs = this.#options.rules.dueInMs(nowMs);
    if (dueInMs !== null) this.#timer = setTimeout(() => this.flush(), dueInMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #show({ title, body, route }: Toast): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body, icon: this.#options.icon });
    notification.on('click', () => this.#options.onClick(route));
    this.#shown = notification;
    notification.on('close', () => {
      if (this.#shown === notification) this.#shown = null;
    });
    notification.show();
  }
}
