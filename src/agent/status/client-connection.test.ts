import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import {
  clientDeps,
  clientLink,
  HANAKO,
  HOST_SECRET,
  open,
  ROOT,
  TARO,
  type TestDeps,
  tokenOf,
  tryOpen,
} from '../../../test/support/socket-client.ts';
import { CODE, endedRun, PROBLEM, statusWorld } from '../../../test/support/status.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type AgentClient, openAgent } from '../../shared/client.ts';
import { CONTRACT_VERSION, type MethodName, methods, OLDEST_CONTRACT } from '../../shared/contract.ts';
import { CallError, FAULT_CODES } from '../../shared/faults.ts';
import type { LogEnd } from '../../shared/helpdesk-view.ts';
import { type Link, memoryLinks } from '../../shared/link.ts';
import { newNonce } from '../../shared/link-crypto.ts';
import { UNLOCKED_MS } from './helpdesk.ts';
import { FRAMES } from './limits.ts';

/** Everything that comes over a link, as it comes. */
function listen(link: Link) {
  const got: Record<string, unknown>[] = [];
  const state = { got, closed: false };
  link.onMessage((text) => void got.push(JSON.parse(text)));
  link.onClose(() => {
    state.closed = true;
  });
  return state;
}

/** Records what a client sends for its handshake, so that it can be sent again. */
async function recordedHandshake(deps: TestDeps): Promise<string> {
  const link = clientLink(deps);
  let sent = '';
  const recording: Link = {
    ...link,
    send: (text) => {
      sent = text;
      link.send(text);
    },
  };
  const token = Buffer.from(deps.token).toString('hex');
  const endpoint = { address: deps.address, token };
  const opened = await openAgent(recording, { endpoint, client: 'window', signal: AbortSignal.timeout(5_000) });
  expect(opened.kind).toBe('open');
  return sent;
}

async function faultOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.catch((error: unknown) => error);
  return outcome instanceof CallError ? outcome.fault.name : 'no fault';
}

describe('the handshake', () => {
  const world = () => clientDeps(statusWorld(tempDir()));

  test('tells who one is by the token that was proven', async () => {
    const { handshake } = await open(world(), { account: HANAKO, client: 'web' });
    expect(handshake).toMatchObject({
      account: HANAKO,
      roles: ['user'],
      contract: CONTRACT_VERSION,
      agentVersion: '0.1.0',
    });
  });

  test.each<[string, Parameters<typeof tryOpen>[1]]>([
    ['a wrong token', { token: '00'.repeat(32) }],
    ['the right token for another address', { address: '/tmp/squatter.sock' }],
    ['a wrong secret of the host', { hostSecret: '00'.repeat(32) }],
  ])('%s is refused, and the connection ended', async (_what, as) => {
    const opened = await tryOpen(world(), as);
    expect(opened).toMatchObject({ kind: 'refused', fault: { name: 'proof_refused' } });
  });

  test('a secret of the host is refused where the agent was given none', async () => {
    const deps = clientDeps(statusWorld(tempDir()), { hostSecret: null });
    expect(await tryOpen(deps, { hostSecret: HOST_SECRET })).toMatchObject({ fault: { name: 'proof_refused' } });
  });

  test('a proof that was overheard is worth nothing on another connection', async () => {
    const deps = world();
    const link = clientLink(deps);
    const heard = listen(link);
    link.send(await recordedHandshake(deps));
    await eventually(() => expect(heard.closed).toBe(true));
    expect(heard.got.at(-1)).toMatchObject({ error: { code: FAULT_CODES.proof_refused } });
  });

  test('nor a second time on the same one', async () => {
    const agent = await open(world());
    const again = { contract: CONTRACT_VERSION, client: 'window', nonce: newNonce(), proof: newNonce() } as const;
    expect(await faultOf(agent.call('handshake', again))).toBe('invalid_request');
    expect(await faultOf(agent.call('state.snapshot', {}))).toBe('no fault');
  });

  test('every method is refused before it, the unknown ones too, and the handshake is still possible', async () => {
    const link = clientLink(world());
    const heard = listen(link);
    const names = [...Object.keys(methods).filter((name) => name !== 'handshake'), 'no.such'];
    for (const [id, method] of names.entries()) link.send(JSON.stringify({ jsonrpc: '2.0', id, method, params: {} }));
    await eventually(() => expect(heard.got.length).toBeGreaterThan(names.length));
    const codes = heard.got.slice(1).map(({ error }) => (error as { code: number }).code);
    expect(codes).toEqual(names.map(() => FAULT_CODES.handshake_needed));
    expect(heard.closed).toBe(false);
  });

  test.each([0, 1, CONTRACT_VERSION + 1])('contract %i is refused with the ones that are served', async (contract) => {
    const link = clientLink(world());
    const heard = listen(link);
    const params = { contract, client: 'window', nonce: newNonce(), proof: newNonce() };
    link.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'handshake', params }));
    await eventually(() => expect(heard.closed).toBe(true));
    expect(heard.got.at(-1)).toMatchObject({
      error: { code: FAULT_CODES.contract_unsupported, data: { min: OLDEST_CONTRACT, max: CONTRACT_VERSION } },
    });
  });

  test.each([
    ['no proof', { contract: 1, client: 'window', nonce: newNonce() }],
    ['a short proof', { contract: 1, client: 'window', nonce: newNonce(), proof: 'abcd' }],
    ['an unknown kind of client', { contract: 1, client: 'root', nonce: newNonce(), proof: newNonce() }],
    ['more than is asked for', { contract: 1, client: 'cli', nonce: newNonce(), proof: newNonce(), role: 'host' }],
  ])('%s is an error', async (_what, params) => {
    const link = clientLink(world());
    const heard = listen(link);
    link.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'handshake', params }));
    await eventually(() => expect(heard.got).toHaveLength(2));
    expect(heard.got[1]).toMatchObject({ id: 1, error: { code: FAULT_CODES.invalid_params } });
  });

  test('an agent that does not know the token is no agent to the client', async () => {
    const [impostor, client] = memoryLinks();
    const heard = listen(impostor);
    impostor.send(
      JSON.stringify({ jsonrpc: '2.0', method: 'hello', params: { contract: { min: 2, max: 2 }, nonce: newNonce() } }),
    );
    const opening = openAgent(client, {
      endpoint: { address: '/x', token: newNonce() },
      client: 'cli',
      signal: AbortSignal.timeout(5_000),
    });
    await eventually(() => expect(heard.got).toHaveLength(1));
    const result = { contract: 2, agentVersion: '9', account: ROOT, roles: ['user'], proof: newNonce() };
    impostor.send(JSON.stringify({ jsonrpc: '2.0', id: heard.got[0]?.id, result }));
    expect(await opening).toEqual({ kind: 'impostor' });
    await eventually(() => expect(heard.closed).toBe(true));
  });
});

/** A call of each method that is right but for the role. */
const CALLS: { readonly [M in Exclude<MethodName, 'handshake'>]: object } = {
  'ui.settings': {},
  'state.snapshot': {},
  'state.subscribe': {},
  'state.unsubscribe': {},
  'runs.list': {},
  'runs.outline': { startsMs: [0] },
  'runs.counts': {},
  'runs.days': { startsMs: [0, 1] },
  'runs.get': { run: 1 },
  'runs.output': { run: 1, stream: 'stdout' },
  'runs.outputRows': { run: 1, stream: 'stdout' },
  'runs.outputSearch': { run: 1, stream: 'stdout', search: 'x' },
  'runs.tail': { run: 1 },
  'schedules.list': {},
  'outbox.resend': { resultId: 'r' },
  'outbox.resendAll': {},
  'outbox.parked': {},
  'failures.list': {},
  'connection.history': {},
  'log.end': {},
  'config.effective': {},
  'update.get': {},
  'update.schedule': { notBeforeMs: null },
  'support.info': {},
  'about.capabilities': {},
  'audit.list': {},
  'helpdesk.unlock': { code: CODE },
  'helpdesk.lock': {},
  'agent.drain': {},
  'agent.stop': {},
  'log.setLevel': { level: 'debug' },
};

async function faultsOf(agent: AgentClient, names = Object.keys(CALLS)): Promise<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const name of names) {
    const method = name as keyof typeof CALLS;
    faults[name] = await faultOf(agent.call(method, CALLS[method] as never));
  }
  return faults;
}

const HELPDESK_ONLY = [
  'runs.output',
  'runs.outputRows',
  'runs.outputSearch',
  'runs.tail',
  'outbox.resend',
  'outbox.resendAll',
  'outbox.parked',
  'failures.list',
  'connection.history',
  'log.end',
  'config.effective',
  'audit.list',
];
const LEVEL = 'log.setLevel';

describe('roles', () => {
  async function refusedTo(as: Parameters<typeof open>[1], unlock = false): Promise<string[]> {
    const world = statusWorld(tempDir());
    world.code = CODE;
    await endedRun(world.store, 'r1');
    const agent = await open(clientDeps(world), as);
    if (unlock) await agent.call('helpdesk.unlock', { code: CODE });
    const names = Object.keys(CALLS).filter((name) => name !== 'helpdesk.lock' && name !== 'helpdesk.unlock');
    const faults = await faultsOf(agent, names);
    return names.filter((name) => faults[name] === 'role_needed');
  }

  test.each<[string, Parameters<typeof open>[1], string[]]>([
    [
      'a user in the window',
      { account: TARO, client: 'window' },
      [...HELPDESK_ONLY, 'agent.drain', 'agent.stop', LEVEL],
    ],
    [
      'a user on the command line',
      { account: TARO, client: 'cli' },
      [...HELPDESK_ONLY, 'agent.drain', 'agent.stop', LEVEL],
    ],
    [
      'a user who says he is the host',
      { account: TARO, client: 'host' },
      [...HELPDESK_ONLY, 'agent.drain', 'agent.stop', LEVEL],
    ],
    ['root in the window', { account: ROOT, client: 'window' }, [...HELPDESK_ONLY, 'agent.stop', LEVEL]],
    ['root on the command line', { account: ROOT, client: 'cli' }, ['agent.stop']],
    ['the host', { account: TARO, client: 'host', hostSecret: HOST_SECRET }, [...HELPDESK_ONLY, LEVEL]],
  ])('what is refused to %s', async (_who, as, refused) => {
    expect(await refusedTo(as)).toEqual(refused);
  });

  test('the code opens the helpdesk methods, and no others', async () => {
    expect(await refusedTo({ account: TARO, client: 'window' }, true)).toEqual(['agent.drain', 'agent.stop']);
  });

  test("the agent's own account holds the helpdesk role on the command line only, without being root", async () => {
    const deps = clientDeps(statusWorld(tempDir()), { ownAccount: TARO });
    expect((await open(deps, { account: TARO, client: 'cli' })).handshake.roles).toEqual(['user', 'helpdesk']);
    expect((await open(deps, { account: TARO, client: 'window' })).handshake.roles).toEqual(['user']);
    expect(await faultOf((await open(deps, { account: TARO, client: 'cli' })).call('agent.drain', {}))).toBe(
      'role_needed',
    );
  });

  test('the error names the role that is needed', async () => {
    const agent = await open(clientDeps(statusWorld(tempDir())));
    await expect(agent.call('audit.list', {})).rejects.toMatchObject({ fault: { data: { role: 'helpdesk' } } });
    await expect(agent.call('agent.stop', {})).rejects.toMatchObject({ fault: { data: { role: 'host' } } });
  });

  test('the role by code ends after 15 minutes, by lock, and belongs to its connection alone', async () => {
    const world = statusWorld(tempDir());
    world.code = CODE;
    const deps = clientDeps(world);
    const [agent, other] = [await open(deps), await open(deps)];
    const { unlockedUntilMs } = await agent.call('helpdesk.unlock', { code: CODE });
    expect(unlockedUntilMs).toBe(world.clock.nowMs() + UNLOCKED_MS);
    expect([await faultOf(agent.call('audit.list', {})), await faultOf(other.call('audit.list', {}))]).toEqual([
      'no fault',
      'role_needed',
    ]);
    world.clock.forward(UNLOCKED_MS - 1);
    expect(await faultOf(agent.call('audit.list', {}))).toBe('no fault');
    world.clock.forward(1);
    expect(await faultOf(agent.call('audit.list', {}))).toBe('role_needed');
    await agent.call('helpdesk.unlock', { code: CODE });
    await agent.call('helpdesk.lock', {});
    expect(await faultOf(agent.call('audit.list', {}))).toBe('role_needed');
    await turn();
    expect(world.store.audit.list(10).map(({ action }) => action)).toEqual([
      'helpdesk.lock',
      'helpdesk.unlock',
      'helpdesk.unlock',
    ]);
  });
});

describe('what the status keeps from users', () => {
  test('faults, server, counters and why there is no connection', async () => {
    const world = statusWorld(tempDir());
    world.cells.agent.set({ state: 'config_invalid', sinceMs: 5, problems: [PROBLEM] });
    world.cells.connection.set({
      state: 'refused',
      sinceMs: 6,
      lastGoodAtMs: null,
      server: 'nats://it',
      why: 'wrong token',
    });
    const deps = clientDeps(world);
    const seen = async (as: Parameters<typeof open>[1]) => {
      const { agent, connection, counters } = await (await open(deps, as)).call('state.snapshot', {});
      return { faults: agent.faults, server: connection.server, why: connection.why, counters: counters !== null };
    };
    expect(await seen({ account: TARO })).toEqual({
      faults: { count: 1, list: null },
      server: null,
      why: null,
      counters: false,
    });
    expect(await seen({ account: ROOT, client: 'cli' })).toEqual({
      faults: { count: 1, list: [PROBLEM] },
      server: 'nats://it',
      why: 'wrong token',
      counters: true,
    });
    expect(await seen({ account: TARO, client: 'host', hostSecret: HOST_SECRET })).toMatchObject({
      faults: { count: 1, list: [PROBLEM] },
      server: null,
      counters: false,
    });
  });
});

describe('limits of an account', () => {
  const reads = (agent: AgentClient, count: number) =>
    Promise.all(Array.from({ length: count }, () => faultOf(agent.call('update.get', {}))));
  const done = (faults: readonly string[]) => faults.filter((name) => name === 'no fault').length;

  test('its 121st read at once is refused and says when the next one is taken; another account goes on', async () => {
    const world = statusWorld(tempDir());
    const deps = clientDeps(world);
    const agent = await open(deps);
    expect(done(await reads(agent, 121))).toBe(120);
    await expect(agent.call('update.get', {})).rejects.toMatchObject({
      fault: { name: 'rate_limited', data: { retryInMs: 17 } },
    });
    expect(await faultOf((await open(deps, { account: HANAKO })).call('update.get', {}))).toBe('no fault');
    world.clock.forward(17);
    expect(await faultOf(agent.call('update.get', {}))).toBe('no fault');
  });

  test('neither more connections nor a new one give more', async () => {
    const deps = clientDeps(statusWorld(tempDir()));
    const both = [await open(deps), await open(deps)];
    const faults = await Promise.all(both.map((agent) => reads(agent, 100)));
    expect(done(faults.flat())).toBe(120);
    for (const agent of both) agent.close();
    expect(await faultOf((await open(deps)).call('update.get', {}))).toBe('rate_limited');
  });

  test('actions have a limit of their own, and calls of nothing count as reads', async () => {
    const deps = clientDeps(statusWorld(tempDir()));
    const agent = await open(deps, { account: ROOT, client: 'cli' });
    const level = () => faultOf(agent.call('log.setLevel', { level: 'info' }));
    for (let at = 0; at < 60; at += 1) expect(await level()).toBe('no fault');
    expect(await level()).toBe('rate_limited');
    for (let at = 0; at < 119; at += 1)
      expect(await faultOf(agent.call('no.such' as MethodName, {}))).toBe('unknown_method');
    expect(await faultOf(agent.call('update.get', {}))).toBe('no fault');
    expect(await faultOf(agent.call('update.get', {}))).toBe('rate_limited');
  });

  test('wishes about an update leave a row each where they change something, and only so many', async () => {
    const world = statusWorld(tempDir());
    world.takesUpdates = true;
    const agent = await open(clientDeps(world));
    const wish = (notBeforeMs: number) => faultOf(agent.call('update.schedule', { notBeforeMs }));
    for (let at = 0; at < 3; at += 1) expect(await wish(1)).toBe('no fault');
    for (let at = 3; at < 20; at += 1) expect(await wish(at)).toBe('no fault');
    expect(await wish(99)).toBe('rate_limited');
    world.clock.forward(10 * 60_000);
    expect(await wish(99)).toBe('no fault');
    await turn();
    expect(world.store.audit.list(100)).toHaveLength(1 + 17 + 1);
    for (const odd of [-1, 1.5, 8.64e15 + 1]) expect(await wish(odd)).toBe('invalid_params');
  });

  test('the time that frames take before they are calls is counted, over all connections', async () => {
    const world = statusWorld(tempDir());
    // A handshake is worked on as a frame comes in.
    const isAdministrator = () => {
      world.clock.forward(900);
      return false;
    };
    const deps = clientDeps(world, { isAdministrator });
    const kinds: string[] = [];
    for (let at = 0; at < 40; at += 1) kinds.push((await tryOpen(deps)).kind);
    expect(kinds.slice(0, 5)).toEqual(Array(5).fill('open'));
    expect(kinds.at(-1)).not.toBe('open');
    expect((await tryOpen(deps, { account: HANAKO })).kind).toBe('open');
    world.clock.forward(60_000);
    expect((await tryOpen(deps)).kind).toBe('open');
  });

  test.each([
    ['texts that are no call', 'no call'],
    ['calls before the handshake', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'state.snapshot', params: {} })],
    ['answers that nobody waits for', JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} })],
  ])('who sends %s without end is hung up on, and what he sends after it is not looked at', async (_what, text) => {
    const deps = clientDeps(statusWorld(tempDir()));
    const link = clientLink(deps);
    const heard = listen(link);
    for (let at = 0; at < 5_000; at += 1) link.send(text);
    await eventually(() => expect(heard.closed).toBe(true));
    expect(heard.got.length).toBeLessThanOrEqual(FRAMES.burst + 1);
    // A new connection is a stranger no less.
    const next = clientLink(deps);
    const heardNext = listen(next);
    next.send(text);
    await eventually(() => expect(heardNext.closed).toBe(true));
    expect(await faultOf((await open(deps, { account: HANAKO })).call('update.get', {}))).toBe('no fault');
  });

  test('a call that waits behind one that gives the role up is refused', async () => {
    const world = statusWorld(tempDir());
    world.code = CODE;
    const agent = await open(clientDeps(world));
    await agent.call('helpdesk.unlock', { code: CODE });
    const calls = [agent.call('audit.list', {}), agent.call('helpdesk.lock', {}), agent.call('audit.list', {})];
    expect(await Promise.all(calls.map(faultOf))).toEqual(['no fault', 'no fault', 'role_needed']);
  });

  test('an output that is still being read when the role is given up is not shown any more', async () => {
    const world = statusWorld(tempDir());
    world.code = CODE;
    const text = 'x'.repeat(79).concat('\n').repeat(30_000);
    const output = { text, totalBytes: text.length, cut: false };
    const { run } = await endedRun(world.store, 'long', { ending: { stdout: output, stderr: output } });
    const agent = await open(clientDeps(world));
    await agent.call('helpdesk.unlock', { code: CODE });
    const ended: string[] = [];
    const ending = async (call: Promise<unknown>, name = '') => void ended.push(`${name}${await faultOf(call)}`);
    const calls = (['stdout', 'stderr'] as const).flatMap((stream) => [
      ending(agent.call('runs.outputRows', { run, stream })),
      ending(agent.call('runs.outputSearch', { run, stream, search: 'x' })),
      ending(agent.call('runs.output', { run, stream })),
    ]);
    await Promise.all([...calls, ending(agent.call('helpdesk.lock', {}), 'lock: ')]);
    const after = ended.slice(ended.indexOf('lock: no fault') + 1);
    expect(after.length).toBeGreaterThan(3);
    expect(new Set(after)).toEqual(new Set(['role_needed']));
  });

  test('what waits for the log when the role is given up is not shown, and what everybody may see still is', async () => {
    const world = statusWorld(tempDir());
    world.code = CODE;
    const log = Promise.withResolvers<LogEnd>();
    const ports = {
      ...world.ports,
      logEnd: () => log.promise,
      support: async () => {
        await log.promise;
        return { phone: '03-1', mail: null, url: null, text: null, hardware: null };
      },
    };
    const agent = await open(clientDeps({ ...world, ports }));
    await agent.call('helpdesk.unlock', { code: CODE });
    const calls = [agent.call('log.end', {}), agent.call('support.info', {})].map(faultOf);
    await agent.call('helpdesk.lock', {});
    log.resolve({ kind: 'none' });
    expect(await Promise.all(calls)).toEqual(['role_needed', 'no fault']);
  });
});

describe('actions', () => {
  test('stop and drain are answered before they begin, and each action leaves an audit row', async () => {
    const world = statusWorld(tempDir());
    const deps = clientDeps(world);
    const host = await open(deps, { account: TARO, client: 'host', hostSecret: HOST_SECRET });
    await host.call('agent.stop', {});
    expect(world.asked).toEqual([]);
    await eventually(() => expect(world.asked).toHaveLength(1));
    const root = await open(deps, { account: ROOT, client: 'cli' });
    await root.call('agent.drain', {});
    await root.call('log.setLevel', { level: 'debug' });
    await eventually(() => expect(world.asked).toHaveLength(3));
    expect(world.asked).toEqual(['stop', 'drain', 'level debug']);
    await eventually(() => expect(world.store.audit.list(10)).toHaveLength(3));
    expect(world.store.audit.list(10).map(({ account, action, detail }) => [account, action, detail])).toEqual([
      [ROOT, 'log.setLevel', 'debug'],
      [ROOT, 'agent.drain', 'cli'],
      [TARO, 'agent.stop', 'host'],
    ]);
  });

  test('a parked result is queued again once; an unknown one is not found', async () => {
    const world = statusWorld(tempDir());
    const { resultId } = await endedRun(world.store, 'r1');
    const [row] = world.store.outbox.waiting(true, 1);
    if (row === undefined) throw new Error('nothing queued');
    await world.store.outbox.park(row.seq, 'too large', 1, 0);
    const agent = await open(clientDeps(world), { account: ROOT, client: 'cli' });
    expect((await agent.call('state.snapshot', {})).outbox).toMatchObject({ waiting: 0, parked: 1 });
    expect(await faultOf(agent.call('outbox.resend', { resultId: 'unknown' }))).toBe('not_found');
    await agent.call('outbox.resend', { resultId });
    expect((await agent.call('state.snapshot', {})).outbox).toMatchObject({ waiting: 1, parked: 0 });
    expect(await faultOf(agent.call('outbox.resend', { resultId }))).toBe('not_found');
  });

  test('what is not set up is absent from the capabilities', async () => {
    const world = statusWorld(tempDir());
    const without = await (await open(clientDeps(world, { hostSecret: null }))).call('about.capabilities', {});
    world.code = CODE;
    world.takesUpdates = true;
    const with_ = await (await open(clientDeps(world))).call('about.capabilities', {});
    const all = Object.keys(methods).filter((name) => name !== 'handshake');
    expect(with_.methods).toEqual(all);
    expect(all.filter((name) => !without.methods.includes(name))).toEqual([
      'update.schedule',
      'helpdesk.unlock',
      'helpdesk.lock',
      'agent.stop',
    ]);
  });
});

describe('after the handshake', () => {
  /** Hears and passes on everything between a client and the agent, changed by `tamper` on its way to the agent. */
  function between(deps: TestDeps, tamper: (text: string, at: number) => readonly string[]) {
    const [clientSide, client] = memoryLinks();
    const agent = clientLink(deps, ROOT);
    const heard: string[] = [];
    let sent = 0;
    clientSide.onMessage((text) => {
      heard.push(text);
      for (const each of tamper(text, sent++)) agent.send(each);
    });
    agent.onMessage((text) => {
      heard.push(text);
      clientSide.send(text);
    });
    agent.onClose(() => clientSide.close());
    clientSide.onClose(() => agent.close());
    return { client, heard };
  }

  const DRAIN = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'agent.drain', params: {} });

  async function through(tamper: (text: string, at: number) => readonly string[]) {
    const world = statusWorld(tempDir());
    world.code = CODE;
    const deps = clientDeps(world);
    const { client, heard } = between(deps, tamper);
    const token = Buffer.from(tokenOf(ROOT)).toString('hex');
    const endpoint = { address: deps.address, token };
    const opened = await openAgent(client, { endpoint, client: 'cli', signal: AbortSignal.timeout(5_000) });
    return { world, agent: opened.kind === 'open' ? opened.agent : null, heard };
  }

  test('who relays it learns nothing of it, the code of the helpdesk neither', async () => {
    const { agent, heard } = await through((text) => [text]);
    await agent?.call('helpdesk.unlock', { code: CODE });
    await agent?.call('state.snapshot', {});
    expect(heard.length).toBeGreaterThan(6);
    const all = heard.slice(3).join('\n');
    for (const word of [CODE, 'helpdesk', 'jsonrpc', 'running']) expect(all).not.toContain(word);
  });

  test.each<[string, (text: string, at: number) => readonly string[]]>([
    ['puts in a call right behind the handshake', (text, at) => (at === 0 ? [text, DRAIN] : [text])],
    ['puts in a call later', (text, at) => (at === 1 ? [DRAIN, text] : [text])],
    ['repeats one', (text, at) => (at === 1 ? [text, text] : [text])],
    ['leaves one out', (text, at) => (at === 1 ? [] : [text])],
    ['changes one', (text, at) => (at === 1 ? [text.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))] : [text])],
    ['empties one', (text, at) => (at === 1 ? [''] : [text])],
  ])('who %s ends the connection, and nothing of it is done', async (_what, tamper) => {
    const { world, agent } = await through(tamper);
    if (agent !== null) {
      const closed = new Promise<void>((resolve) => agent.onClose(resolve));
      void Promise.allSettled([agent.call('update.get', {}), agent.call('update.get', {})]);
      await closed;
    }
    expect(world.asked).toEqual([]);
  });
});
