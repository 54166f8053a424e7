import { describe, expect, test } from 'vitest';
import { NOW, status } from '../../../test/support/agent-status.ts';
import type { AppShellState, Route } from '../../shared/app-shell-contract.ts';
import { runIdSchema } from '../../shared/id-schemas.ts';
import { memoryLinks } from '../../shared/link.ts';
import { NOTHING_REMEMBERED } from '../../shared/remembered.ts';
import { type Peer, peer } from '../../shared/rpc.ts';
import { WindowStore } from './store.ts';

function appShellState(state: AppShellState['agentConnection']['state'] = 'attached', sinceMs = NOW): AppShellState {
  return {
    agentConnection: { state, sinceMs, goneAtMs: null, restartAtMs: null, startFailure: null },
    systemLanguage: 'en',
    preferences: { language: 'auto', theme: 'system', notifications: true },
    ui: null,
    remembered: NOTHING_REMEMBERED,
    userName: 'taro',
    unseen: 0,
    offers: [],
  };
}

/** A window and the app shell around it, which answers `subscribe` with a state of its own. */
function windowAt(route: Route = { screen: 'status' }, state: AppShellState | null = appShellState()) {
  const [here, there] = memoryLinks();
  const asked: string[] = [];
  const hello = Promise.withResolvers<unknown>();
  if (state !== null) hello.resolve({ state, route });
  const appShell: Peer = peer(there, {
    resolve: (method) => () => {
      asked.push(method);
      return method === 'shell.hello' ? hello.promise : status({ todayUntold: asked.length });
    },
  });
  const store = new WindowStore(here);
  return { store, appShell, asked, there, hello: (late: AppShellState) => hello.resolve({ state: late, route }) };
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));
const subscribed = (asked: readonly string[]) => asked.filter((each) => each === 'state.subscribe').length;

test('begins where the app shell says, and follows the agent that is attached', async () => {
  const { store, appShell, asked } = windowAt({ screen: 'activity' });
  await turn();
  expect(store.state()).toMatchObject({ route: { screen: 'activity' }, revision: 1, lost: false });
  expect(asked).toEqual(['shell.hello', 'state.subscribe']);
  appShell.push('state.changed', status({ restartRequired: true }));
  await turn();
  expect(store.state()).toMatchObject({ revision: 2, status: { restartRequired: true } });
});

test('who has clicked already is where they want to be', async () => {
  const { store, hello } = windowAt({ screen: 'support' }, null);
  store.go({ screen: 'about' });
  hello(appShellState());
  await turn();
  expect(store.state().route).toEqual({ screen: 'about' });
});

test('an agent that goes leaves its last word; one that comes back is subscribed to again, and only then', async () => {
  const { store, appShell, asked } = windowAt();
  await turn();
  appShell.push('shell.changed', appShellState('attached'));
  await turn();
  expect(subscribed(asked)).toBe(1);
  appShell.push('shell.changed', appShellState('down', NOW + 1));
  await turn();
  expect([store.state().status, store.state().lastStatus?.identity.pcId]).toEqual([null, 'PC-0142']);
  appShell.push('state.changed', status());
  await turn();
  expect(store.state().status).toBeNull();
  appShell.push('shell.changed', appShellState('attached', NOW + 2));
  await turn();
  expect(subscribed(asked)).toBe(2);
  expect(store.state().status).not.toBeNull();
});

test('a push that comes before the answer to hello is newer than it', async () => {
  const { store, appShell, hello } = windowAt({ screen: 'status' }, null);
  await turn();
  appShell.push('shell.changed', appShellState('down', NOW + 9));
  await turn();
  hello(appShellState('attached', NOW));
  await turn();
  expect(store.state().appShell?.agentConnection).toMatchObject({ state: 'down', sinceMs: NOW + 9 });
});

test('the way back leads to the list as it was left, and says where from', async () => {
  const { store } = windowAt();
  await turn();
  store.go({ screen: 'activity', group: 'failed' });
  store.go({ screen: 'run', run: runIdSchema.parse(7) });
  store.goBack();
  expect(store.state()).toMatchObject({ route: { screen: 'activity', group: 'failed' }, cameBackFrom: 7 });
  store.go({ screen: 'support' });
  expect(store.state().cameBackFrom).toBeNull();
  store.goBack();
  expect(store.state().route).toEqual({ screen: 'support' });
});

describe('the end of the helpdesk’s view', () => {
  const open = status({ helpdesk: { offered: true, unlockedUntilMs: NOW + 900_000 } });

  async function onItsScreen() {
    const { store, appShell } = windowAt({ screen: 'support' });
    await turn();
    appShell.push('state.changed', open);
    await turn();
    expect([store.state().route.screen, store.state().viewEnded]).toEqual(['helpdesk', null]);
    return { store, appShell };
  }

  test('is told, until somebody has seen it, and not of a view that is open again', async () => {
    const { store, appShell } = await onItsScreen();
    appShell.push('state.changed', status());
    await turn();
    expect([store.state().route.screen, store.state().viewEnded]).toEqual(['status', 'over']);
    appShell.push('state.changed', status({ restartRequired: true }));
    await turn();
    expect(store.state().viewEnded).toBe('over');
    store.closeViewEnded();
    expect(store.state().viewEnded).toBeNull();
    for (const next of [open, status(), open]) appShell.push('state.changed', next);
    await turn();
    expect(store.state().viewEnded).toBeNull();
  });

  test.each([
    ['goes', appShellState('down', NOW + 1)],
    ['was started anew', appShellState('attached', NOW + 1)],
  ])('is told with why when the agent %s', async (_what, next) => {
    const { store, appShell } = await onItsScreen();
    appShell.push('shell.changed', next);
    await turn();
    await turn();
    expect([store.state().route.screen, store.state().viewEnded]).toEqual(['status', 'away']);
  });

  test('is not told where it was never open', async () => {
    const { store, appShell } = windowAt();
    await turn();
    appShell.push('shell.changed', appShellState('down', NOW + 1));
    await turn();
    expect(store.state().viewEnded).toBeNull();
  });
});

test('a link that closes is known as lost; each change is told, until nobody listens', async () => {
  const { store, there } = windowAt();
  await turn();
  let told = 0;
  const stop = store.subscribe(() => (told += 1));
  there.close();
  await turn();
  expect([store.state().lost, told]).toEqual([true, 1]);
  stop();
  store.go({ screen: 'about' });
  expect(told).toBe(1);
});
