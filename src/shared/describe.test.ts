import { describe, expect, test } from 'vitest';
import { DAY, MINUTE, NOW, outbox, snapshot, status } from '../../test/support/agent-status.ts';
import { runIdOf } from '../../test/support/ids.ts';
import type { AgentStatus } from './agent-status.ts';
import type { AgentConnectionView } from './app-shell-contract.ts';
import { callsForHelp, type Description, describeState, type PcSnapshot, pcDetails } from './describe.ts';
import { I18n } from './i18n/i18n.ts';
import { knownPc, NOTHING_REMEMBERED } from './remembered.ts';
import type { RunningRow } from './run-view.ts';
import { AGENT_STATES, CONNECTION_STATES } from './states.ts';
import { type MenuFacts, trayMenu } from './tray-menu.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];

const RUN: RunningRow = {
  run: runIdOf(7),
  title: { kind: 'text', text: 'Office repair' },
  source: 'live',
  asUser: false,
  state: 'running',
  reason: null,
  exitCode: null,
  receivedAtMs: NOW - 3 * MINUTE,
  notBeforeMs: null,
  startedAtMs: NOW - 2 * MINUTE,
  finishedAtMs: null,
  deliveredAtMs: null,
  timeoutSecs: 600,
  parked: false,
  unreported: false,
  usualMs: null,
};

function absent(agentConnection: Partial<AgentConnectionView>): PcSnapshot {
  return {
    agentConnection: {
      state: 'down',
      sinceMs: NOW - MINUTE,
      goneAtMs: NOW - MINUTE,
      restartAtMs: null,
      startFailure: null,
      ...agentConnection,
    },
    status: null,
    brandName: 'Kanade Tray',
    lost: false,
  };
}

const RUNNING = { now: { running: [RUN], waiting: [], waitingCount: 0 } };
const OFFLINE = { connection: { ...status().connection, state: 'unreachable', sinceMs: NOW - 20 * MINUTE } } as const;
const REFUSED = { connection: { ...OFFLINE.connection, state: 'refused' } } as const;

test('all is well', () => {
  expect(describeState(snapshot(), english, NOW)).toEqual({
    mark: 'idle',
    title: 'Everything is working',
    body: 'Connected to your IT service. Last check just now.',
    since: null,
    items: [],
    notes: [],
    tooltip: 'Kanade Tray – connected',
  });
});

test.each<[string, PcSnapshot, Partial<Description>]>([
  [
    'an agent ended at once for its settings',
    absent({ state: 'starting', startFailure: 'config_invalid' }),
    { mark: 'broken', title: "Settings can't be read", body: 'No tasks are taken until they can be. Contact IT.' },
  ],
  ['it was never set up', absent({ startFailure: 'not_set_up' }), { mark: 'offline', title: 'Not set up yet' }],
  [
    'its settings are not trusted',
    absent({ startFailure: 'not_trusted' }),
    { mark: 'broken', title: 'Settings are not trusted' },
  ],
  ['a task runs', snapshot(RUNNING), { mark: 'running', tooltip: 'Running: Office repair (2 min)' }],
  [
    'offline',
    snapshot(OFFLINE),
    { mark: 'offline', title: 'Cannot reach the IT service', since: 'Not connected since 13:40.' },
  ],
  [
    'offline has a calm tooltip',
    snapshot(OFFLINE),
    { tooltip: 'Offline – work continues, results will be sent later' },
  ],
  ['the sign-in is refused', snapshot(REFUSED), { mark: 'broken', title: 'The IT service refused the sign-in' }],
  ['the agent is gone', absent({}), { mark: 'broken', tooltip: 'Management service is not running' }],
  ['it is starting', absent({ state: 'starting' }), { mark: 'offline', title: 'Starting' }],
  [
    'a restart is scheduled',
    absent({ restartAtMs: NOW + 8_000 }),
    { body: 'If this lasts, contact IT. It restarts in 8 sec.' },
  ],
  ['a restart is needed', snapshot({ restartRequired: true }), { mark: 'attention', tooltip: '1 item to look at' }],
  [
    'a restart is needed, and there is no connection',
    snapshot({ ...OFFLINE, restartRequired: true }),
    {
      title: '1 item to look at',
      body: 'Cannot reach the IT service. Check the network or VPN. Work continues, results will be sent later.',
    },
  ],
  [
    'a restart is needed while it connects',
    snapshot({ connection: { ...OFFLINE.connection, state: 'starting' }, restartRequired: true }),
    { body: 'Connecting. Ready in a moment.' },
  ],
  [
    'a restart is needed, and there is no network',
    snapshot({ connection: { ...OFFLINE.connection, state: 'no_network' }, restartRequired: true }),
    { body: 'This PC has no network. Work continues, results will be sent later.' },
  ],
])('%s', (_name, state, expected) => {
  expect(describeState(state, english, NOW)).toMatchObject(expected);
});

test('broken before running before attention before offline before idle (ui §2)', () => {
  const mark = (changed: Partial<AgentStatus>) => describeState(snapshot(changed), english, NOW).mark;
  expect(mark({ ...REFUSED, ...RUNNING, restartRequired: true })).toBe('broken');
  expect(mark({ ...OFFLINE, ...RUNNING, restartRequired: true })).toBe('running');
  expect(mark({ ...OFFLINE, restartRequired: true })).toBe('attention');
  expect(mark(OFFLINE)).toBe('offline');
});

test('a laptop that was away for more than a day is asked to come back', () => {
  const long = { connection: { ...OFFLINE.connection, sinceMs: NOW - 3 * DAY } };
  expect(describeState(snapshot(long), english, NOW).since).toContain('Not connected for 3 days.');
});

test('each thing to look at is one item that leads somewhere', () => {
  const { items, mark } = describeState(
    snapshot({
      restartRequired: true,
      update: { state: 'verified', installed: '1.4.2', wanted: '1.5.0', reason: null, release: null },
      now: { running: [], waiting: [{ ...RUN, state: 'waiting_user' }], waitingCount: 1 },
      outbox: outbox(0, 2),
      disk: { ok: false, freeBytes: 2_777_216, neededBytes: 14_000_001 },
      store: { state: 'read_only', readable: true },
      secondAgentSeen: true,
    }),
    english,
    NOW,
  );
  expect(mark).toBe('attention');
  expect(items.map(({ id }) => id)).toEqual(['restart', 'update', 'user', 'stuck', 'disk', 'store', 'second']);
  expect(items[2]?.route).toEqual({ screen: 'run', run: 7 });
  expect(items[4]?.body).toBe('New tasks wait until 15 MB more are free. Please make room.');
});

test.each([
  ['verified', null],
  ['waiting', null],
  ['available', null],
  ['refused', 'items'],
  ['rolled_back', 'items'],
] as const)('of an update that is %s, IT is called: %s', (state, help) => {
  const update = { state, installed: '1.4.2', wanted: '1.5.0', reason: null, release: null };
  expect(callsForHelp(describeState(snapshot({ update }), english, NOW))).toBe(help);
});

test('while it finishes nothing is claimed of what may not run', () => {
  const draining = snapshot({ agent: { ...status().agent, state: 'draining' } });
  expect([english, japanese].map((i18n) => describeState(draining, i18n, NOW).body)).toEqual([
    'What runs may end; new tasks wait until the program is back.',
    '実行中の作業があれば、その終了を待ちます。新しい作業は再開後に行います。',
  ]);
});

test('since when the agent is not running is said only where it was seen to go', () => {
  expect(describeState(absent({}), english, NOW).since).toMatch(/^Not running since 13:59\./);
  expect(describeState(absent({ goneAtMs: null }), english, NOW).since).toBeNull();
});

describe('every state has its words in both languages', () => {
  const agents = AGENT_STATES.map((state) => snapshot({ agent: { ...status().agent, state } }));
  const connections = CONNECTION_STATES.map((state) => snapshot({ connection: { ...status().connection, state } }));
  const agentConnections = (['starting', 'attached', 'down', 'incompatible'] as const).map((state) =>
    absent({ state }),
  );
  test.each([...agents, ...connections, ...agentConnections].map((state, place) => [place, state] as const))(
    '%d',
    (_, state) => {
      const texts = [english, japanese].map((i18n) => {
        const { title, body, tooltip, since } = describeState(state, i18n, NOW);
        return [title, body, tooltip, since ?? ''].join(' ');
      });
      expect(texts[0]).not.toMatch(/\{\w+\}|undefined|NaN|_/);
      expect(texts[1]).not.toMatch(/\{\w+\}|undefined|NaN|_/);
      expect(texts[1]).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
    },
  );
});

describe('the menu', () => {
  const facts = (changed: Partial<MenuFacts> = {}): MenuFacts => ({
    snapshot: snapshot(),
    unseen: 0,
    mayQuit: true,
    mayStop: false,
    ...changed,
  });
  const labels = (changed: Partial<MenuFacts> = {}, i18n = english) =>
    trayMenu(facts(changed), i18n, NOW).map((entry) => (entry.kind === 'separator' ? '—' : entry.label));

  test('while all is well', () => {
    expect(labels()).toEqual([
      'Connected · PC-0142',
      '—',
      'Open',
      'Activity',
      '—',
      'Get help',
      'Copy PC details',
      'What IT can do on this PC',
      'Quit icon (does not stop management)',
    ]);
  });

  test('which PC it is and how it stands comes first, whatever there is to look at', () => {
    const first = (i18n = english) => {
      const connection = { ...status().connection, state: 'starting' } as const;
      return labels({ snapshot: snapshot({ connection, restartRequired: true }) }, i18n)[0];
    };
    expect([first(), first(japanese)]).toEqual(['Connecting · PC-0142', '接続しています · PC-0142']);
  });

  test('while a task runs, with news and a restart to do', () => {
    const busy = labels({ snapshot: snapshot({ ...RUNNING, restartRequired: true }), unseen: 3 });
    expect(busy).toContain('Running: Office repair … 2 min');
    expect(busy).toContain('Activity (3 new)');
    expect(busy).toContain('Look at: Restart needed…');
  });

  test('two tasks that run are two, in the menu and in the tooltip, and many are a few and a number', () => {
    const many = (n: number) => {
      const running = Array.from({ length: n }, (_each, at) => ({ ...RUN, run: runIdOf(at + 1) }));
      return snapshot({ now: { running, waiting: [], waitingCount: 0 } });
    };
    const lines = (n: number) => labels({ snapshot: many(n) }).filter((label) => /^Running|more$/.test(label));
    expect(lines(2)).toEqual(['Running: Office repair … 2 min', 'Running: Office repair … 2 min']);
    expect(lines(9)).toEqual([...Array(3).fill('Running: Office repair … 2 min'), 'and 6 more']);
    expect(describeState(many(2), english, NOW).tooltip).toBe('2 tasks are running');
    expect(describeState(many(2), japanese, NOW).tooltip).toBe('2件の作業を実行中');
  });

  test('what calls for a look is one click away: where it is, or where all of it is', () => {
    const entry = (changed: Partial<AgentStatus>) =>
      trayMenu(facts({ snapshot: snapshot(changed) }), english, NOW).find(
        (each) => each.kind === 'action' && /look at/i.test(each.label),
      );
    expect(entry({})).toBeUndefined();
    expect(entry({ restartRequired: true })).toEqual({
      kind: 'action',
      label: 'Look at: Restart needed…',
      action: { kind: 'open', route: { screen: 'updates' } },
    });
    expect(entry({ restartRequired: true, secondAgentSeen: true })).toEqual({
      kind: 'action',
      label: '2 items to look at…',
      action: { kind: 'open', route: { screen: 'status' } },
    });
  });

  test('says in its first line what the window says first', () => {
    for (const state of [
      absent({}),
      absent({ state: 'starting' }),
      snapshot(REFUSED),
      snapshot({ agent: { ...status().agent, state: 'elsewhere' } }),
    ]) {
      for (const i18n of [english, japanese]) {
        expect(labels({ snapshot: state }, i18n)[0]).toBe(describeState(state, i18n, NOW).title);
      }
    }
    expect(labels({ snapshot: snapshot(OFFLINE) })[0]).toBe('Offline · PC-0142');
  });

  test('offers to quit and to stop only where IT allows it', () => {
    expect(labels({ mayQuit: false })).not.toContain('Quit icon (does not stop management)');
    expect(labels({ mayStop: true })).toContain('Stop management on this PC…');
  });
});

test('the details to copy name what the service desk asks for, and no secret', () => {
  expect(pcDetails(snapshot(), knownPc(status(), NOTHING_REMEMBERED), 'taro', english, NOW)).toBe(
    'PC: PC-0142\nUser: taro\nVersion: 1.4.2\nGroups: office, canary\nState: Everything is working',
  );
});

test('that this PC is in no group is copied where it is known', () => {
  const copied = (groups: string[] | null, i18n: I18n) => {
    const { identity } = status();
    const pc = knownPc(status({ identity: { ...identity, groups } }), NOTHING_REMEMBERED);
    return pcDetails(snapshot(), pc, 'taro', i18n, NOW);
  };
  expect(copied([], english)).toContain('Groups: none');
  expect(copied([], japanese)).toContain('グループ: なし');
  expect(copied(null, english)).toContain('Groups: –');
});
