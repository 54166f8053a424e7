/**
 * What the app shell knows and what it shows: one standing connection to the agent, from which icon, menu and notifications are
 * made, and the bridge for a window. It only shows; the agent does not notice whether it is there.
 */
import { nativeTheme } from 'electron';
import { AgentConnection } from '../client/agent-connection.ts';
import { bridgeWindow, type WindowBridge } from '../client/window-bridge.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AppShellState, Route } from '../shared/app-shell-contract.ts';
import { claimsOf } from '../shared/claims.ts';
import type { AgentClient } from '../shared/client.ts';
import { describeState, type PcSnapshot, pcDetails } from '../shared/describe.ts';
import { progressOf } from '../shared/describe-running.ts';
import { CallError } from '../shared/faults.ts';
import { I18n } from '../shared/i18n/i18n.ts';
import { chosenLanguage } from '../shared/language.ts';
import type { Link } from '../shared/link.ts';
import { knownPc, remember } from '../shared/remembered.ts';
import { LinkClosed } from '../shared/rpc.ts';
import { type MenuAction, trayMenu } from '../shared/tray-menu.ts';
import { DEFAULT_UI } from '../shared/ui-settings.ts';
import type { Language, UiSettings } from '../shared/ui-view.ts';
import { appShellHandlers, copy } from './app-shell-handlers.ts';
import type { Host } from './host.ts';
import type { AppLog } from './log.ts';
import type { NotificationRules } from './notification-rules.ts';
import type { PreferencesFile } from './preferences.ts';
import type { TrayModel } from './tray.ts';
import { UnseenRuns } from './unseen-runs.ts';

export interface AppShellOptions {
  /** `<data>/kanade-tray` of the agent. */
  readonly agentDir: string;
  readonly account: string;
  readonly userName: string;
  /** null: the agent is hosted by the operating system. */
  readonly host: Host | null;
  /** Until when an agent that is not there counts as starting, ms since the epoch. */
  readonly startingUntilMs: number;
  readonly preferences: PreferencesFile;
  readonly rules: NotificationRules;
  readonly systemLanguage: () => Language;
  readonly log: AppLog;
  /** Icon, menu, title or notifications may have changed. */
  readonly onChange: () => void;
  readonly onOpen: (route: Route) => void;
  readonly onQuitIcon: () => void;
  readonly onStopManagement: () => void;
}

/** What is shown in minutes changes less often; the taskbar's progress moves on. */
const TICK_MS = 10_000;

export class AppShell {
  readonly #options: AppShellOptions;
  readonly agentConnection: AgentConnection;
  readonly #unseenRuns: UnseenRuns;
  #status: AgentStatus | null = null;
  #ticking: NodeJS.Timeout | undefined;

  constructor(options: AppShellOptions) {
    this.#options = options;
    this.#unseenRuns = new UnseenRuns(options);
    this.agentConnection = new AgentConnection({ ...this.#connection(), startingUntilMs: options.startingUntilMs });
    this.agentConnection.watch(() => this.#attached());
    nativeTheme.themeSource = options.preferences.value.preferences.theme;
  }

  /** What IT decided, as last heard. */
  get #ui(): UiSettings {
    return this.#options.preferences.value.ui ?? DEFAULT_UI;
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

  get i18n(): I18n {
    return new I18n(this.#language(), this.#ui.itName);
  }

  model(nowMs = Date.now()): TrayModel {
    const { i18n } = this;
    const { mark, tooltip } = describeState(this.#snapshot(), i18n, nowMs);
    const facts = {
      snapshot: this.#snapshot(),
      unseen: this.#unseenRuns.unseen,
      mayQuit: this.#mayQuit(),
      mayStop: this.#mayStop(),
    };
    return { mark, tooltip, menu: trayMenu(facts, i18n, nowMs) };
  }

  /** For the taskbar: 0 to 1 of the usual time of the task that runs; 2: nobody knows how far; -1: none runs. */
  progress(nowMs = Date.now()): number {
    const [running, ...others] = claimsOf(this.#snapshot()).now === 'some' ? (this.#status?.now.running ?? []) : [];
    if (running === undefined) return -1;
    return others.length > 0 ? 2 : (progressOf(running, this.i18n, nowMs).fraction ?? 2);
  }

  act(action: MenuAction): void {
    switch (action.kind) {
      case 'open':
        this.#options.onOpen(action.route);
        break;
      case 'copy_details':
        copy(this.#details()).catch((error: unknown) => this.#options.log.error('copying', error));
        break;
      case 'quit_icon':
        // The desktop waits for the end of the click, and not for an icon that is gone.
        setImmediate(this.#options.onQuitIcon);
        break;
      case 'stop_management':
        // Asked once more where there is room for the question.
        this.#options.onOpen({ screen: 'about' });
        break;
    }
  }

  #details(): string {
    const snapshot = this.#snapshot();
    const pc = knownPc(snapshot.status, this.#options.preferences.value.remembered);
    return pcDetails(snapshot, pc, this.#options.userName, this.i18n, Date.now());
  }

  /** Serves one window; what its helpdesk opens ends with it. */
  serve(link: Link, route: Route, onHung: () => void): WindowBridge {
    const { agentDir, account, startingUntilMs } = this.#options;
    // Without the host's secret: what a page can reach is what any window of this account could.
    const agentConnection = new AgentConnection({ agentDir, account, client: 'window', startingUntilMs });
    return bridgeWindow({
      link,
      agentConnection,
      handlers: appShellHandlers({
        agentConnection,
        preferences: this.#options.preferences,
        mayQuit: () => this.#mayQuit(),
        mayStop: () => this.#mayStop(),
        onChange: this.#options.onChange,
        onSeen: () => void this.#unseenRuns.seen(this.agentConnection.agent),
        onQuitIcon: this.#options.onQuitIcon,
        onStopManagement: this.#options.onStopManagement,
      }),
      appShellState: () => this.#appShellState(),
      restartAtMs: () => this.#options.host?.restartAtMs ?? null,
      route,
      onHung,
      onDone: (method) => {
        if (method !== 'helpdesk.unlock') return;
        this.#options.rules.helpdeskOpened(Date.now());
        this.#options.onChange();
      },
      onBug: (method, error) => this.#options.log.error(method, error),
    });
  }

  close(): void {
    clearInterval(this.#ticking);
    this.agentConnection.close();
  }

  #connection() {
    const { agentDir, account, host } = this.#options;
    return host === null
      ? ({ agentDir, account, client: 'window' } as const)
      : ({ agentDir, account, client: 'host', hostSecret: host.secret } as const);
  }

  #snapshot(): PcSnapshot {
    const restartAtMs = this.#options.host?.restartAtMs ?? null;
    return {
      agentConnection: { ...this.agentConnection.view, restartAtMs },
      status: this.#status,
      brandName: this.name,
      lost: false,
    };
  }

  #appShellState(): Omit<AppShellState, 'agentConnection' | 'offers'> {
    const { preferences, ui, remembered } = this.#options.preferences.value;
    const { userName, systemLanguage } = this.#options;
    return { systemLanguage: systemLanguage(), preferences, ui, remembered, userName, unseen: this.#unseenRuns.unseen };
  }

  #attached(): void {
    const { agent } = this.agentConnection;
    this.#status = null;
    this.#tick(false);
    if (agent !== null) {
      agent.onPush('state.changed', (status) => this.#changed(agent, status));
      this.#follow(agent).catch((error: unknown) => {
        if (!(error instanceof LinkClosed)) this.#options.log.error('following the agent', error);
      });
    }
    this.#options.onChange();
  }

  async #follow(agent: AgentClient): Promise<void> {
    const status = await agent.call('state.subscribe', {});
    // What has been pushed meanwhile is newer.
    if (this.#status === null) this.#changed(agent, status);
    const [ui, support] = await Promise.all([
      unlessUnknown(agent.call('ui.settings', {})),
      unlessUnknown(agent.call('support.info', {})),
    ]);
    if (ui !== null) this.#options.preferences.set({ ui });
    if (support !== null) this.#remember({ support });
    this.#options.onChange();
  }

  #remember(heard: Parameters<typeof remember>[1]): void {
    const { preferences } = this.#options;
    preferences.set({ remembered: remember(preferences.value.remembered, heard) });
  }

  #changed(agent: AgentClient, status: AgentStatus): void {
    if (this.agentConnection.agent !== agent) return;
    this.#status = status;
    this.#remember({ status });
    this.#tick(status.now.running.length > 0);
    this.#options.onChange();
    void this.#unseenRuns.changed(agent, status);
  }

  /** A running task's time in tooltip and taskbar, and only then. */
  #tick(running: boolean): void {
    if (!running) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    } else this.#ticking ??= setInterval(this.#options.onChange, TICK_MS);
  }

  #language(): Language {
    const { preferences } = this.#options.preferences.value;
    return chosenLanguage({ ui: this.#ui, preferences, systemLanguage: this.#options.systemLanguage() });
  }

  #mayQuit(): boolean {
    return this.#ui.allowQuitTray;
  }

  #mayStop(): boolean {
    return this.#options.host !== null && this.#ui.allowStopAgent;
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
