/**
 * What the shell knows and what it shows: one standing connection to the agent, from which icon, menu and notifications are
 * made, and the bridge for a window. It only shows; the agent does not notice whether it is there.
 */
import { nativeTheme } from 'electron';
import { Attachment } from '../client/attachment.ts';
import { bridgeWindow, type WindowBridge } from '../client/window-bridge.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import { claimsOf } from '../shared/claims.ts';
import type { AgentClient } from '../shared/client.ts';
import type { Language, UiSettings } from '../shared/contract.ts';
import { describeState, pcDetails, type Seen } from '../shared/describe.ts';
import { progressOf } from '../shared/describe-running.ts';
import { CallError } from '../shared/faults.ts';
import type { Link } from '../shared/link.ts';
import { knownPc, remember } from '../shared/remembered.ts';
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

/** What is shown in minutes changes less often; the taskbar's progress moves on. */
const TICK_MS = 10_000;

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

  /** For the taskbar: 0 to 1 of the usual time of the task that runs; 2: nobody knows how far; -1: none runs. */
  progress(nowMs = Date.now()): number {
    const [running, ...others] = claimsOf(this.#seen()).now === 'some' ? (this.#status?.now.running ?? []) : [];
    if (running === undefined) return -1;
    return others.length > 0 ? 2 : (progressOf(running, this.words, nowMs).fraction ?? 2);
  }

  act(action: MenuAction): void {
    switch (action.kind) {
      case 'open':
        this.#o.onOpen(action.route);
        break;
      case 'copy_details':
        copy(this.#details()).catch((error: unknown) => this.#o.log.error('copying', error));
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

  #details(): string {
    const seen = this.#seen();
    const pc = knownPc(seen.status, this.#o.preferences.value.remembered);
    return pcDetails(seen, pc, this.#o.userName, this.words, Date.now());
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
    return {
      attachment: { ...this.attachment.view, restartAtMs },
      status: this.#status,
      brandName: this.name,
      lost: false,
    };
  }

  #shellState(): Omit<ShellState, 'attachment' | 'offers'> {
    const { preferences, ui, remembered } = this.#o.preferences.value;
    const { userName, systemLanguage } = this.#o;
    return { systemLanguage: systemLanguage(), preferences, ui, remembered, userName, unseen: this.#news.unseen };
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
    const [ui, support] = await Promise.all([
      unlessUnknown(agent.call('ui.settings', {})),
      unlessUnknown(agent.call('support.info', {})),
    ]);
    if (ui !== null) this.#o.preferences.set({ ui });
    if (support !== null) this.#remember({ support });
    this.#o.onChange();
  }

  #remember(heard: Parameters<typeof remember>[1]): void {
    const { preferences } = this.#o;
    preferences.set({ remembered: remember(preferences.value.remembered, heard) });
  }

  #changed(agent: AgentClient, status: AgentStatus): void {
    if (this.attachment.agent !== agent) return;
    this.#status = status;
    this.#remember({ status });
    this.#tick(status.now.running.length > 0);
    this.#o.onChange();
    void this.#news.changed(agent, status);
  }

  /** A running task's time in tooltip and taskbar, and only then. */
  #tick(running: boolean): void {
    if (!running) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    } else this.#ticking ??= setInterval(this.#o.onChange, TICK_MS);
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

/** null: the agent does not know it either. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallError && error.fault.name === 'unavailable') return null;
    throw error;
  }
}
