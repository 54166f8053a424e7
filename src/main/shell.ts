/**
 * What the shell knows and what it shows: one standing connection to the agent, from which icon, menu and notifications are
 * made, and the bridge for a window. It only shows; the agent does not notice whether it is there.
 */
import { nativeTheme } from 'electron';
import { Attachment } from '../client/attachment.ts';
import { bridgeWindow, type WindowBridge } from '../client/window-bridge.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentClient } from '../shared/client.ts';
import type { Language, UiSettings } from '../shared/contract.ts';
import { describeState, pcDetails, type Seen } from '../shared/describe.ts';
import type { Link } from '../shared/link.ts';
import { LinkClosed } from '../shared/rpc.ts';
import type { Route, ShellState } from '../shared/shell-contract.ts';
import { type MenuAction, trayMenu } from '../shared/tray-menu.ts';
import { DEFAULT_UI } from '../shared/ui-settings.ts';
import { Words } from '../shared/words/words.ts';
import type { Host } from './host.ts';
import type { ShellLog } from './log.ts';
import { News } from './news.ts';
import type { NotificationRules } from './notification-rules.ts';
import type { PreferencesFile } from './preferences.ts';
import { copy, shellHandlers } from './shell-handlers.ts';
import type { TrayFace } from './tray.ts';

export interface ShellOptions {
  /** `<data>/kanade-tray` of the agent. */
  readonly own: string;
  readonly account: string;
  readonly userName: string;
  /** null: the agent is hosted by the operating system. */
  readonly host: Host | null;
  /** Until when an agent that is not there counts as starting, ms since the epoch. */
  readonly startingUntilMs: number;
  readonly preferences: PreferencesFile;
  readonly rules: NotificationRules;
  readonly systemLanguage: () => Language;
  readonly log: ShellLog;
  /** Icon, menu, title or notifications may have changed. */
  readonly onChange: () => void;
  readonly onOpen: (route: Route) => void;
  readonly onQuitIcon: () => void;
  readonly onStopManagement: () => void;
}

const MINUTE_MS = 60_000;

export class Shell {
  readonly #o: ShellOptions;
  readonly attachment: Attachment;
  readonly #news: News;
  #status: AgentStatus | null = null;
  #ticking: NodeJS.Timeout | undefined;

  constructor(options: ShellOptions) {
    this.#o = options;
    this.#news = new News(options);
    this.attachment = new Attachment({ ...this.#connection(), startingUntilMs: options.startingUntilMs });
    this.attachment.watch(() => this.#attached());
    nativeTheme.themeSource = options.preferences.value.preferences.theme;
  }

  /** What IT decided, as last heard. */
  get #ui(): UiSettings {
    return this.#o.preferences.value.ui ?? DEFAULT_UI;
  }

  get name(): string {
    return this.#ui.brandName;
  }

  /** A script of the agent runs. */
  get isBusy(): boolean {
    return (this.#status?.now.running.length ?? 0) > 0;
  }

  get showsTray(): boolean {
    return this.#ui.showTray;
  }

  get words(): Words {
    return new Words(this.#language(), this.#ui.itName);
  }

  face(nowMs = Date.now()): TrayFace {
    const { words } = this;
    const { mark, tooltip } = describeState(this.#seen(), words, nowMs);
    const facts = { seen: this.#seen(), unseen: this.#news.unseen, mayQuit: this.#mayQuit(), mayStop: this.#mayStop() };
    return { mark, tooltip, menu: trayMenu(facts, words, nowMs) };
  }

  act(action: MenuAction): void {
    switch (action.kind) {
      case 'open':
        this.#o.onOpen(action.route);
        break;
      case 'copy_details':
        copy(pcDetails(this.#seen(), this.#o.userName, this.words, Date.now())).catch((error: unknown) =>
          this.#o.log.error('copying', error),
        );
        break;
      case 'quit_icon':
        // The desktop waits for the end of the click, and not for an icon that is gone.
        setImmediate(this.#o.onQuitIcon);
        break;
      case 'stop_management':
        // Asked once more where there is room for the question.
        this.#o.onOpen({ screen: 'about' });
        break;
    }
  }

  /** Serves one window; what its helpdesk opens ends with it. */
  serve(link: Link, route: Route, onHung: () => void): WindowBridge {
    const { own, account, startingUntilMs } = this.#o;
    // Without the host's secret: what a page can reach is what any window of this account could.
    const attachment = new Attachment({ own, account, client: 'window', startingUntilMs });
    return bridgeWindow({
      link,
      attachment,
      handlers: shellHandlers({
        attachment,
        preferences: this.#o.preferences,
        mayQuit: () => this.#mayQuit(),
        mayStop: () => this.#mayStop(),
        onChange: this.#o.onChange,
        onSeen: () => void this.#news.seen(this.attachment.agent),
        onQuitIcon: this.#o.onQuitIcon,
        onStopManagement: this.#o.onStopManagement,
      }),
      shellState: () => this.#shellState(),
      restartAtMs: () => this.#o.host?.restartAtMs ?? null,
      route,
      onHung,
      onDone: (method) => {
        if (method !== 'helpdesk.unlock') return;
        this.#o.rules.helpdeskOpened();
        this.#o.onChange();
      },
      onBug: (method, error) => this.#o.log.error(method, error),
    });
  }

  close(): void {
    clearInterval(this.#ticking);
    this.attachment.close();
  }

  #connection() {
    const { own, account, host } = this.#o;
    return host === null
      ? ({ own, account, client: 'window' } as const)
      : ({ own, account, client: 'host', hostSecret: host.secret } as const);
  }

  #seen(): Seen {
    const restartAtMs = this.#o.host?.restartAtMs ?? null;
    return { attachment: { ...this.attachment.view, restartAtMs }, status: this.#status, brandName: this.name };
  }

  #shellState(): Omit<ShellState, 'attachment' | 'offers'> {
    const { preferences, ui } = this.#o.preferences.value;
    const { userName, systemLanguage } = this.#o;
    return { systemLanguage: systemLanguage(), preferences, ui, userName, unseen: this.#news.unseen };
  }

  #attached(): void {
    const { agent } = this.attachment;
    this.#status = null;
    this.#tick(false);
    if (agent !== null) {
      agent.onPush('state.changed', (status) => this.#changed(agent, status));
      this.#follow(agent).catch((error: unknown) => {
        if (!(error instanceof LinkClosed)) this.#o.log.error('following the agent', error);
      });
    }
    this.#o.onChange();
  }

  async #follow(agent: AgentClient): Promise<void> {
    const status = await agent.call('state.subscribe', {});
    // What has been pushed meanwhile is newer.
    if (this.#status === null) this.#changed(agent, status);
    this.#o.preferences.set({ ui: await agent.call('ui.settings', {}) });
    this.#o.onChange();
  }

  #changed(agent: AgentClient, status: AgentStatus): void {
    if (this.attachment.agent !== agent) return;
    this.#status = status;
    this.#tick(status.now.running.length > 0);
    this.#o.onChange();
    void this.#news.changed(agent, status);
  }

  /** A running task's time in the tooltip, once a minute, and only then. */
  #tick(running: boolean): void {
    if (!running) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    } else this.#ticking ??= setInterval(this.#o.onChange, MINUTE_MS);
  }

  #language(): Language {
    const { preferences } = this.#o.preferences.value;
    const { language: byIt, languageLocked } = this.#ui;
    const chosen = languageLocked || preferences.language === 'auto' ? byIt : preferences.language;
    return chosen === 'auto' ? this.#o.systemLanguage() : chosen;
  }

  #mayQuit(): boolean {
    return this.#ui.allowQuitTray;
  }

  #mayStop(): boolean {
    return this.#o.host !== null && this.#ui.allowStopAgent;
  }
}
