/** One page of the window, from its connection to its end. */
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { AgentConnection } from '../client/agent-connection.ts';
import { userName } from '../client/own-account.ts';
import { bridgeWindow } from '../client/window-bridge.ts';
import { DEFAULT_PREFERENCES, type Preferences } from '../shared/app-shell-contract.ts';
import { CallError } from '../shared/faults.ts';
import { NOTHING_REMEMBERED, type Remembered, remember } from '../shared/remembered.ts';
import { LinkClosed } from '../shared/rpc.ts';
import type { Language, UiSettings } from '../shared/ui-view.ts';
import { webSocketLink } from './web-socket-link.ts';

export interface PageHome {
  /** `<data>/kanade-tray` of the agent. */
  readonly agentDir: string;
  readonly account: string;
  /** Of all pages of this process; a browser without Electron has no place of ours to keep them. */
  preferences: Preferences;
  /** What the agent said while it was there, for every page that is opened without it. */
  ui: UiSettings | null;
  remembered: Remembered;
}

/** How long an agent that is not there may take to start before it counts as down. */
const STARTING_MS = 5_000;

export function newHome(agentDir: string, account: string): PageHome {
  return { agentDir, account, preferences: DEFAULT_PREFERENCES, ui: null, remembered: NOTHING_REMEMBERED };
}

export function servePage(socket: WebSocket, request: IncomingMessage, home: PageHome): void {
  const { agentDir, account } = home;
  const agentConnection = new AgentConnection({
    agentDir,
    account,
    client: 'web',
    startingUntilMs: performance.now() + STARTING_MS,
  });
  const systemLanguage = languageOf(request.headers['accept-language']);
  const bridge = bridgeWindow({
    link: webSocketLink(socket),
    agentConnection,
    handlers: {
      'shell.setPreferences': (changed) => {
        home.preferences = { ...home.preferences, ...definedOnly(changed) };
        bridge.changed();
        return {};
      },
    },
    appShellState: () => ({
      systemLanguage,
      preferences: home.preferences,
      ui: home.ui,
      remembered: home.remembered,
      userName: userName(),
      unseen: 0,
    }),
    restartAtMs: () => null,
    route: { screen: 'status' },
    onBug: (method, error) => console.error(`${method}: ${error instanceof Error ? error.stack : String(error)}`),
  });
  /** Each answer by itself: an agent without settings knows what this PC is called, and not whom to ask. */
  const learn = () => {
    const { agent } = agentConnection;
    if (agent === null) return;
    const ask = <T>(name: string, asked: Promise<T>, learned: (answer: T) => void) =>
      asked.then(
        (answer) => {
          learned(answer);
          bridge.changed();
        },
        (error: unknown) => {
          // It is asked again after the next agentConnection, and an agent without settings does not know.
          if (!(error instanceof LinkClosed || error instanceof CallError)) console.error(`${name}: ${String(error)}`);
        },
      );
    void ask('ui.settings', agent.call('ui.settings', {}), (ui) => {
      home.ui = ui;
    });
    void ask('support.info', agent.call('support.info', {}), (support) => {
      home.remembered = remember(home.remembered, { support });
    });
    agent.onPush('state.changed', (status) => {
      home.remembered = remember(home.remembered, { status });
    });
    void ask('state.snapshot', agent.call('state.snapshot', {}), (status) => {
      home.remembered = remember(home.remembered, { status });
    });
  };
  agentConnection.watch(learn);
  learn();
}

/** The first language of the browser's list that we speak. */
export function languageOf(acceptLanguage: string | undefined): Language {
  for (const part of (acceptLanguage ?? '').split(',')) {
    const language = part.trim().slice(0, 2).toLowerCase();
    if (language === 'ja' || language === 'en') return language;
  }
  return 'en';
}

function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
