/**
 * Between one window and the agent: answers `shell.*` itself and forwards what is meant for windows, each message checked by
 * its schema before it goes anywhere (threat-model §3.1, 17 and 20). The window's own connection to the agent ends with the window,
 * and with it what the helpdesk code had opened.
 */
import {
  type AppShellMethodName,
  type AppShellParsed,
  type AppShellResult,
  type AppShellState,
  appShellMethods,
  isAppShellMethodName,
  isForWindows,
  type Route,
} from '../shared/app-shell-contract.ts';
import { checked } from '../shared/checked.ts';
import { isMethodName, type MethodName, methods } from '../shared/contract.ts';
import { CallError, Fault } from '../shared/faults.ts';
import type { Link } from '../shared/link.ts';
import { type Method, peer } from '../shared/rpc.ts';
import type { AgentConnection } from './agent-connection.ts';
import { probe } from './probe.ts';

/** What the app shell does for its window; a method that is not there is not offered. */
export type AppShellHandlers = {
  readonly [M in Exclude<AppShellMethodName, 'shell.hello'>]?: (
    params: AppShellParsed<M>,
  ) => AppShellResult<M> | Fault | Promise<AppShellResult<M> | Fault>;
};

export interface WindowBridgeOptions {
  readonly link: Link;
  /** The window's own; the bridge closes it with the link. */
  readonly agentConnection: AgentConnection;
  readonly handlers: AppShellHandlers;
  /** Everything but how this window is attached. */
  readonly appShellState: () => Omit<AppShellState, 'agentConnection' | 'offers'>;
  /** When the agent is started again, ms since the epoch; null: not known. */
  readonly restartAtMs: () => number | null;
  /** Where the window begins. */
  readonly route: Route;
  /** The window has called this method of the agent, and it was done. */
  readonly onDone?: (method: MethodName) => void;
  /** The page has answered nothing for half a minute. A browser freezes pages that nobody looks at: then nobody asks. */
  readonly onHung?: () => void;
  /** A handler threw: a bug of ours. */
  readonly onBug: (method: string, error: unknown) => void;
}

export interface WindowBridge {
  /** Tells the window what has changed in the app shell. */
  changed(): void;
  navigate(route: Route): void;
}

/** Serves the window at the other end of `link` until it closes. */
export function bridgeWindow(options: WindowBridgeOptions): WindowBridge {
  const { link, agentConnection, handlers } = options;
  const offers = Object.keys(handlers);
  const state = (): AppShellState => ({
    ...options.appShellState(),
    agentConnection: { ...agentConnection.view, restartAtMs: options.restartAtMs() },
    offers,
  });
  const window = peer(link, { resolve: (name) => resolve(name), onBug: options.onBug });
  let unfollow = () => {};
  const follow = () => {
    unfollow();
    unfollow =
      agentConnection.agent?.onPush('state.changed', (status) => window.push('state.changed', status)) ?? (() => {});
  };
  const changed = () => window.push('shell.changed', state());
  agentConnection.watch(() => {
    follow();
    changed();
  });
  follow();
  // It has no methods, and says so: that is a sign of life.
  const stopProbing =
    options.onHung === undefined ? () => {} : probe(() => window.call('shell.alive', {}), options.onHung);
  link.onClose(() => {
    stopProbing();
    unfollow();
    agentConnection.close();
  });

  function resolve(name: string): Method | Fault {
    if (isAppShellMethodName(name)) {
      if (name === 'shell.hello') {
        return checked(appShellMethods[name].params, () => ({ state: state(), route: options.route }));
      }
      const handler = handlers[name];
      if (handler === undefined) return new Fault('unavailable', `${name} is not offered here`);
      return checked(appShellMethods[name].params, handler as (params: unknown) => unknown);
    }
    if (isMethodName(name) && isForWindows(name)) {
      return checked(methods[name].params, (params) => forward(name, params));
    }
    return new Fault('unknown_method', 'there is no such method for a window');
  }

  async function forward(name: keyof typeof methods, params: unknown): Promise<unknown> {
    const { agent } = agentConnection;
    if (agent === null) return new Fault('unavailable', 'the agent is not there');
    try {
      const answer = await agent.call(name, params as never);
      options.onDone?.(name);
      return answer;
    } catch (error) {
      if (error instanceof CallError) return error.fault;
      if (agentConnection.agent !== agent) return new Fault('unavailable', 'the agent went away');
      throw error;
    }
  }

  return { changed, navigate: (route) => window.push('shell.navigate', route) };
}
