/** One account that asks for as much as it can, over a real socket: the agent's one thread goes on turning, and others are answered. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectAgent } from '../../../test/support/agent-client.ts';
import { serve } from '../../../test/support/served-status.ts';
import { clientDeps, HANAKO, open } from '../../../test/support/socket-client.ts';
import { endedRun } from '../../../test/support/status.ts';
import type { AgentClient } from '../../shared/client.ts';
import { CallError } from '../../shared/faults.ts';
import type { HistoryPort } from './ports.ts';

const CONNECTIONS = 16;
const CALLS = 60;
/** Several steps of a search. */
const RUNS = 3_000;

/** How often the loop has turned so far. */
function loopTurns(): () => number {
  let turns = 0;
  let handle: NodeJS.Immediate;
  const next = () => {
    turns += 1;
    handle = setImmediate(next);
  };
  handle = setImmediate(next);
  onTestFinished(() => clearImmediate(handle));
  return () => turns;
}

/** The turns of the loop in which the history was looked at, one entry for each look; `looks` is changed in place. */
function watched(history: HistoryPort, turnsNow: () => number, looks: number[]): HistoryPort {
  const noted = <A extends unknown[], R>(look: (...args: A) => R) => {
    return (...args: A): R => {
      looks.push(turnsNow());
      return look(...args);
    };
  };
  // All methods of a class with private parts need the object itself.
  const whole = new Proxy(history, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return Object.assign(Object.create(whole), {
    list: noted(history.list.bind(history)),
    count: noted(history.count.bind(history)),
    newestAt: noted(history.newestAt.bind(history)),
  });
}

/** Messages that go to a socket of this process and back, one after the other. */
async function echoes(): Promise<() => number> {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect(address.port, '127.0.0.1');
  let count = 0;
  socket.on('data', () => {
    count += 1;
    socket.write('x');
  });
  socket.on('connect', () => socket.write('x'));
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return () => count;
}

test('960 searches at once over 16 connections hold up nobody else, and come one step at a time', async () => {
  const served = await serve();
  await Promise.all(Array.from({ length: RUNS }, (_each, at) => endedRun(served.store, `r${at}`)));
  const turnsNow = loopTurns();
  const looks: number[] = [];
  const ports = served.ports as { history: HistoryPort };
  ports.history = watched(served.store.history, turnsNow, looks);
  const other = await open(clientDeps(served), { account: HANAKO });
  const agents: AgentClient[] = [];
  for (let at = 0; at < CONNECTIONS; at += 1) agents.push(await connectAgent({ dataDirectory: served.dataDirectory }));
  const echoed = await echoes();

  let answered = 0;
  const search = async (agent: AgentClient) => {
    const said = await agent.call('runs.list', { search: 'fits nothing' }).catch((error: unknown) => error);
    answered += 1;
    return said instanceof CallError ? said.fault.name : 'answered';
  };
  const flood = agents.flatMap((agent) => Array.from({ length: CALLS }, () => search(agent)));
  const whileFlooded: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    await other.call('update.get', {});
    whileFlooded.push(answered);
  }
  const before = echoed();
  const outcomes = await Promise.all(flood);

  expect(new Set(outcomes)).toEqual(new Set(['answered', 'rate_limited']));
  expect(outcomes.filter((name) => name === 'answered').length).toBeLessThan(CONNECTIONS * CALLS);
  // Another account was answered before the flood was.
  expect(Math.max(...whileFlooded)).toBeLessThan(CONNECTIONS * CALLS);
  // No two looks of this account in one turn of the loop, and the sockets of others were read all the while.
  expect(looks.length).toBeGreaterThan(CALLS);
  expect(new Set(looks).size).toBe(looks.length);
  expect(echoed() - before).toBeGreaterThan(CALLS);
});
