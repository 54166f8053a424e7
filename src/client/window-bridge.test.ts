import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../test/support/ids.ts';
import { type AppShellState, DEFAULT_PREFERENCES } from '../shared/app-shell-contract.ts';
import type { AgentClient } from '../shared/client.ts';
import { CallError, Fault } from '../shared/faults.ts';
import { memoryLinks } from '../shared/link.ts';
import { NOTHING_REMEMBERED } from '../shared/remembered.ts';
import { peer } from '../shared/rpc.ts';
import type { AgentConnection } from './agent-connection.ts';
import { type AppShellHandlers, bridgeWindow } from './window-bridge.ts';

/** An agent that answers with what it was asked, and the agentConnection to it. */
function fakeConnection() {
  const asked: [string, unknown][] = [];
  const pushes = new Map<string, (params: never) => void>();
  const listeners = new Set<() => void>();
  let closed = false;
  const agent = {
    call: async (method: string, params: unknown) => {
      asked.push([method, params]);
      if (method === 'runs.get') throw new CallError(method, new Fault('not_found', 'there is no such run'));
      return { asked: method };
    },
    onPush: (name: string, receive: (params: never) => void) => {
      pushes.set(name, receive);
      return () => void pushes.delete(name);
    },
  } as unknown as AgentClient;
  const agentConnection = {
    agent: agent as AgentClient | null,
    view: { state: 'attached' as 'attached' | 'down', sinceMs: 5, goneAtMs: null as number | null },
    watch: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      closed = true;
    },
  };
  return {
    agentConnection: agentConnection as unknown as AgentConnection,
    asked,
    push: (name: string, params: unknown) => pushes.get(name)?.(params as never),
    lose: () => {
      agentConnection.agent = null;
      agentConnection.view = { state: 'down', sinceMs: 9, goneAtMs: 9 };
      for (const listener of listeners) listener();
    },
    closed: () => closed,
  };
}

function bridged(handlers: AppShellHandlers = {}) {
  const [mine, theirs] = memoryLinks();
  const fake = fakeConnection();
  const got: [string, unknown][] = [];
  const bugs: string[] = [];
  const bridge = bridgeWindow({
    link: theirs,
    agentConnection: fake.agentConnection,
    handlers,
    appShellState: () => ({
      systemLanguage: 'ja',
      preferences: DEFAULT_PREFERENCES,
      ui: null,
      remembered: NOTHING_REMEMBERED,
      userName: 'taro',
      unseen: 2,
    }),
    restartAtMs: () => 77,
    route: { screen: 'run', run: runIdOf(3) },
    onBug: (method) => bugs.push(method),
  });
  const window = peer(mine, {
    resolve: () => new Fault('unknown_method', 'none'),
    onPush: (name, params) => got.push([name, params]),
  });
  return { ...fake, bridge, window, got, bugs, link: mine };
}

async function faultOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'none',
    (error: unknown) => (error instanceof CallError ? error.fault.name : String(error)),
  );
}

describe('what a window asks', () => {
  test('begins with the state of the app shell, and where to begin', async () => {
    const { window } = bridged({ 'shell.copy': () => ({}) });
    const hello = (await window.call('shell.hello', {})) as { state: AppShellState; route: unknown };
    expect(hello.route).toEqual({ screen: 'run', run: 3 });
    expect(hello.state).toMatchObject({
      agentConnection: { state: 'attached', sinceMs: 5, restartAtMs: 77 },
      offers: ['shell.copy'],
      userName: 'taro',
    });
  });

  test('goes to the agent where it is the agent’s, with what the schema made of it', async () => {
    const { window, asked } = bridged();
    expect(await window.call('runs.list', { group: 'failed' })).toEqual({ asked: 'runs.list' });
    expect(asked).toEqual([['runs.list', { group: 'failed', skip: 0, limit: 100 }]]);
    expect(await faultOf(window.call('runs.get', { run: 1 }))).toBe('not_found');
  });

  test.each([
    ['agent.stop', {}],
    ['agent.drain', {}],
    ['handshake', {}],
    ['log.setLevel', { level: 'debug' }],
    ['constructor', {}],
    ['shell.nothing', {}],
  ])('%s is nothing for a window', async (method, params) => {
    const { window, asked } = bridged();
    expect(await faultOf(window.call(method, params))).toBe('unknown_method');
    expect(asked).toEqual([]);
  });

  test.each([
    ['shell.openLink', { id: 'https://evil.example' }],
    ['shell.openLink', { id: 'page', url: 'https://evil.example' }],
    ['shell.setPreferences', { theme: 'pink' }],
    ['shell.copy', { text: 5 }],
    ['runs.get', { run: 'x' }],
    ['runs.list', { limit: 1_000_000 }],
  ])('%s with %j is refused before anything is done', async (method, params) => {
    const done: string[] = [];
    const note = () => {
      done.push(method);
      return {};
    };
    const { window, asked } = bridged({ 'shell.openLink': note, 'shell.setPreferences': note, 'shell.copy': note });
    expect(await faultOf(window.call(method, params))).toBe('invalid_params');
    expect([done, asked]).toEqual([[], []]);
  });

  test('is unavailable where this app shell has no such method, or the agent is gone', async () => {
    const { window, lose } = bridged();
    expect(await faultOf(window.call('shell.copy', { text: 'x' }))).toBe('unavailable');
    lose();
    expect(await faultOf(window.call('runs.list', {}))).toBe('unavailable');
  });

  test('a handler that throws is a bug, of which the window hears nothing more', async () => {
    const { window, bugs } = bridged({
      'shell.copy': () => {
        throw new Error('/home/taro/secret');
      },
    });
    expect(await faultOf(window.call('shell.copy', { text: 'x' }))).toBe('internal');
    expect(bugs).toEqual(['shell.copy']);
  });
});

describe('what a window is told', () => {
  test('states of the agent, as they come', async () => {
    const { push, got, window } = bridged();
    push('state.changed', { n: 1 });
    await window.call('shell.hello', {});
    expect(got).toEqual([['state.changed', { n: 1 }]]);
  });

  test('that the agent is gone, changes of the app shell, and where to go', async () => {
    const { lose, bridge, got, window } = bridged();
    lose();
    bridge.changed();
    bridge.navigate({ screen: 'support' });
    await window.call('shell.hello', {});
    expect(got.map(([name]) => name)).toEqual(['shell.changed', 'shell.changed', 'shell.navigate']);
    expect(got[0]?.[1]).toMatchObject({ agentConnection: { state: 'down', sinceMs: 9, goneAtMs: 9 } });
  });
});

test('a window that closes takes its own connection to the agent with it', async () => {
  const { link, closed } = bridged();
  link.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed()).toBe(true);
});
