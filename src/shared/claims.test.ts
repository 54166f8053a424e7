/** Every pair of a state and a card: what is claimed there, and that tray, headline and cards don't contradict one another. */
import { describe, expect, test } from 'vitest';
import { NOW, outbox, snapshot, status } from '../../test/support/agent-status.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { type AgentStatus, STORE_STATES } from './agent-status.ts';
import { type Claims, claimsOf } from './claims.ts';
import { describeState, type PcSnapshot } from './describe.ts';
import { I18n } from './i18n/i18n.ts';
import type { RunningRow } from './run-view.ts';
import { AGENT_STATES, CONNECTION_STATES } from './states.ts';
import { trayMenu } from './tray-menu.ts';

const i18n = new I18n('en');
const CALM = i18n.t('health.ok.title');
const GOES_ON = i18n.t('health.offline.goesOn');

const RUN: RunningRow = {
  run: runIdOf(7),
  title: { kind: 'text', text: 'slow' },
  source: 'live',
  asUser: false,
  state: 'running',
  reason: null,
  exitCode: null,
  receivedAtMs: NOW - 5_000,
  notBeforeMs: null,
  startedAtMs: NOW - 4_000,
  finishedAtMs: null,
  deliveredAtMs: null,
  timeoutSecs: null,
  parked: false,
  unreported: false,
  usualMs: null,
};
const RUNNING: AgentStatus['now'] = { running: [RUN, { ...RUN, run: runIdOf(8) }], waiting: [], waitingCount: 0 };
const calm = status();
const offline = { ...calm.connection, state: 'unreachable' } as const;
const unread = { state: 'read_only', readable: false } as const;
const full: Partial<AgentStatus> = {
  store: { state: 'full', readable: true },
  disk: { ok: false, freeBytes: 24_000_000, neededBytes: 10_000_000 },
};
const NOTHING: Claims = {
  live: false,
  calm: false,
  now: 'unknown',
  today: 'unknown',
  begins: 'held',
  send: 'unknown',
  stuck: 'unknown',
  connection: 'unknown',
  update: 'unknown',
  empty: 'unknown',
};
const WELL: Claims = {
  live: true,
  calm: true,
  now: 'none',
  today: 'none',
  begins: 'soon',
  send: 'none',
  stuck: 'none',
  connection: 'known',
  update: 'known',
  empty: 'none',
};
const HELD: Claims = { ...WELL, calm: false, today: 'held', empty: 'held' };
const UNREAD: Claims = {
  ...WELL,
  calm: false,
  now: 'unknown',
  today: 'unknown',
  send: 'unknown',
  stuck: 'unknown',
  empty: 'unread',
};
const OFFLINE: Claims = { ...WELL, calm: false, update: 'unheard', empty: 'offline' };
const kept = { undelivered: { cause: 'full', why: null } } as const;

const STATES: readonly (readonly [string, PcSnapshot, Claims])[] = [
  ['all is well', snapshot(), WELL],
  ['two tasks run', snapshot({ now: RUNNING }), { ...WELL, now: 'some', today: 'open' }],
  [
    'one waits',
    snapshot({ now: { ...RUNNING, running: [], waitingCount: 1 } }),
    { ...WELL, now: 'some', today: 'open' },
  ],
  ['some have ended', snapshot({ today: { DONE: 2 }, now: RUNNING }), { ...WELL, now: 'some', today: 'some' }],
  ['results are being sent', snapshot({ outbox: outbox(2, 1) }), { ...WELL, send: 'soon', stuck: 'some' }],
  [
    'results are kept back',
    snapshot({ outbox: outbox(2, 0), notices: { ...calm.notices, ...kept } }),
    { ...WELL, send: 'kept' },
  ],
  ['a result could not be delivered', snapshot({ outbox: outbox(0, 1) }), { ...WELL, stuck: 'some' }],
  ['something else is on its way', snapshot({ outbox: outbox(0, 0, { waiting: 3, stuck: 0 }) }), WELL],
  [
    'something else could not be delivered',
    snapshot({ outbox: outbox(0, 0, { waiting: 0, stuck: 2 }) }),
    { ...WELL, stuck: 'some' },
  ],
  [
    'something else waits offline',
    snapshot({ connection: offline, outbox: outbox(0, 0, { waiting: 3, stuck: 0 }) }),
    { ...OFFLINE, send: 'offline' },
  ],
  ['offline', snapshot({ connection: offline }), OFFLINE],
  ['results wait offline', snapshot({ connection: offline, outbox: outbox(1, 0) }), { ...OFFLINE, send: 'offline' }],
  [
    'offline, and what IT wants was heard before',
    snapshot({ connection: offline, update: { ...calm.update, wanted: '1.4.2' } }),
    { ...OFFLINE, update: 'known' },
  ],
  ['the disk is full', snapshot(full), HELD],
  ['the disk is full while tasks run', snapshot({ ...full, now: RUNNING }), { ...HELD, now: 'some', today: 'open' }],
  ['what is stored can not be read', snapshot({ store: unread }), UNREAD],
  [
    'the record began anew',
    snapshot({ store: { state: 'quarantined', readable: true } }),
    { ...WELL, empty: 'rebuilt' },
  ],
  [
    'it finishes while a task runs',
    snapshot({ agent: { ...calm.agent, state: 'draining' }, now: RUNNING }),
    { ...NOTHING, live: true, now: 'some', begins: 'finishing', connection: 'known', empty: 'held' },
  ],
  [
    'its settings can not be read, so that it does not know where its store is',
    snapshot({ agent: { ...calm.agent, state: 'config_invalid' }, store: { state: 'ok', readable: false } }),
    { ...NOTHING, live: true, empty: 'unread' },
  ],
  ...AGENT_STATES.filter((state) => state !== 'running' && state !== 'draining').map((state) => {
    const begins = state === 'starting' ? 'soon' : 'held';
    return [state, snapshot({ agent: { ...calm.agent, state } }), { ...NOTHING, live: true, begins }] as const;
  }),
  [
    'the agent is gone',
    {
      ...snapshot(),
      agentConnection: { state: 'down', sinceMs: NOW, goneAtMs: null, restartAtMs: null, startFailure: null },
    },
    NOTHING,
  ],
  ['nothing was heard yet', { ...snapshot(), status: null }, NOTHING],
  ['the window is lost', { ...snapshot({ now: RUNNING }), lost: true }, NOTHING],
];

test.each(STATES)('%s', (_state, now, claims) => {
  expect(claimsOf(now)).toEqual(claims);
});

/** All that can come together. */
function* everything(): Generator<PcSnapshot> {
  const base = snapshot();
  for (const agentConnection of ['starting', 'attached', 'down', 'incompatible'] as const)
    for (const lost of [false, true])
      for (const agent of AGENT_STATES)
        for (const connection of CONNECTION_STATES)
          for (const store of STORE_STATES)
            for (const readable of [true, false])
              for (const now of [calm.now, RUNNING])
                for (const parked of [0, 1])
                  yield {
                    ...base,
                    lost,
                    agentConnection: { ...base.agentConnection, state: agentConnection },
                    status: status({
                      agent: { ...calm.agent, state: agent },
                      connection: { ...calm.connection, state: connection },
                      store: { state: store, readable },
                      disk: { ...calm.disk, ok: store !== 'full' },
                      now,
                      outbox: outbox(0, parked),
                    }),
                  };
}

describe('in every state there can be', () => {
  test('headline, icon and cards never say that all is well beside something that is not', () => {
    const wrong: string[] = [];
    for (const now of everything()) {
      const claims = claimsOf(now);
      const said = describeState(now, i18n, NOW);
      const where = JSON.stringify([now.lost, now.agentConnection.state, now.status?.agent.state, now.status?.store]);
      const good = said.title === CALM;
      if (good !== (claims.calm && said.items.length === 0)) wrong.push(`headline ${where}`);
      if (said.mark === 'idle' && !good) wrong.push(`icon ${where}`);
      if (said.items.length > 0 && !claims.live) wrong.push(`items ${where}`);
      if (claims.now === 'some' && claims.today === 'none') wrong.push(`today ${where}`);
      if (said.items.some(({ id }) => id === 'stuck') && claims.stuck === 'none') wrong.push(`stuck ${where}`);
      if (said.body.includes(GOES_ON) && (claims.empty === 'held' || claims.empty === 'unread'))
        wrong.push(`work ${where}`);
      const held = said.items.some(({ id }) => id === 'disk' || id === 'store');
      if (held && (claims.empty === 'none' || claims.today === 'none')) wrong.push(`held ${where}`);
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('the menu names what runs where, and only where, the page may', () => {
    const wrong: string[] = [];
    for (const now of everything()) {
      const menu = trayMenu({ snapshot: now, unseen: 0, mayQuit: true, mayStop: false }, i18n, NOW);
      const names = menu.some((entry) => entry.kind !== 'separator' && entry.label.startsWith('Running:'));
      if (names !== (claimsOf(now).now === 'some'))
        wrong.push(JSON.stringify([now.lost, now.agentConnection, now.status]));
    }
    expect(wrong).toEqual([]);
  });
});
