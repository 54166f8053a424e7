import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AgentConnection } from '../client/agent-connection.ts';
import { Host } from './host.ts';
import type { LaunchedAgent, Launcher } from './launcher.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Agents that end when the test says so. */
function fakeLauncher() {
  const launched: {
    args: readonly string[];
    env: Readonly<Record<string, string>>;
    killed: boolean;
    end(code: number | null): void;
  }[] = [];
  const launcher: Launcher = ({ args, env }) => {
    let ended: (code: number | null) => void = () => {};
    const agent = { args, env, killed: false, end: (code: number | null) => ended(code) };
    launched.push(agent);
    return {
      pid: launched.length,
      onExit: (listener) => {
        ended = listener;
      },
      kill: () => {
        agent.killed = true;
        agent.end(null);
      },
    } satisfies LaunchedAgent;
  };
  return { launcher, launched };
}

function hosted(answers: 'stop' | 'answer only' | 'nothing' | 'not attached' = 'stop') {
  const { launcher, launched } = fakeLauncher();
  let hung: () => void = () => {};
  const calls: string[] = [];
  const agent = {
    call: (method: string) => {
      calls.push(method);
      if (answers === 'stop') queueMicrotask(() => launched.at(-1)?.end(0));
      return answers === 'nothing' ? new Promise(() => {}) : Promise.resolve({});
    },
  };
  const agentConnection = {
    agent: answers === 'not attached' ? null : agent,
    expect: () => {},
    onHung: (listener: () => void) => {
      hung = listener;
    },
  } as unknown as AgentConnection;
  const host = new Host({
    launcher,
    args: ['--tray'],
    env: { HOME: '/home/taro' },
    log: { info: () => {}, error: () => {} },
    random: () => 0,
  });
  host.start(agentConnection, () => {});
  return { host, launched, calls, hang: () => hung() };
}

test('the agent is started with the host’s secret, which is new for each host', () => {
  const { host, launched } = hosted();
  expect(launched[0]?.args).toEqual(['--tray']);
  expect(launched[0]?.env).toEqual({ HOME: '/home/taro', KANADE_TRAY_HOST_SECRET: host.secret });
  expect(host.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(hosted().host.secret).not.toBe(host.secret);
});

describe('an agent that ends by itself', () => {
  test.each([
    ['a crash', null, 1_000],
    ['a bug', 70, 1_000],
    ['a restart for an update', 64, 0],
    ['a directory in use', 2, 15_000],
  ])('after %s it is started again in %s', (_what, code, waitMs) => {
    const { host, launched } = hosted();
    launched[0]?.end(code);
    expect((host.restartAtMs ?? 0) - Date.now()).toBe(waitMs);
    vi.advanceTimersByTime(Math.max(0, waitMs - 1));
    expect(launched).toHaveLength(waitMs === 0 ? 2 : 1);
    vi.advanceTimersByTime(1);
    expect(launched).toHaveLength(2);
    expect(host.restartAtMs).toBeNull();
  });

  test.each([
    ['it was asked to stop', 0],
    ['its settings can not be used', 1],
  ])('stays away where %s', (_why, code) => {
    const { host, launched } = hosted();
    launched[0]?.end(code);
    vi.advanceTimersByTime(600_000);
    expect(launched).toHaveLength(1);
    expect(host.restartAtMs).toBeNull();
  });

  test('waits twice as long each time, at most a minute, and short again after a minute of work', () => {
    const { host, launched } = hosted();
    const waits: number[] = [];
    for (let crash = 0; crash < 8; crash++) {
      launched.at(-1)?.end(null);
      waits.push((host.restartAtMs ?? 0) - Date.now());
      vi.advanceTimersByTime(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    vi.advanceTimersByTime(60_000);
    launched.at(-1)?.end(null);
    expect((host.restartAtMs ?? 0) - Date.now()).toBe(1_000);
  });
});

test('an agent that hangs is killed and started again', () => {
  const { launched, hang } = hosted();
  hang();
  expect(launched[0]?.killed).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(launched).toHaveLength(2);
});

describe('stop', () => {
  test('asks, and resolves when the agent has ended', async () => {
    const { host, launched, calls } = hosted();
    await host.stop();
    expect(calls).toEqual(['agent.stop']);
    expect(launched[0]?.killed).toBe(false);
    vi.advanceTimersByTime(600_000);
    expect(launched).toHaveLength(1);
  });

  test.each(['answer only', 'nothing'] as const)('kills an agent that does not end in time (%s)', async (answers) => {
    const { host, launched } = hosted(answers);
    const stopped = host.stop(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(launched[0]?.killed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(launched[0]?.killed).toBe(true);
  });

  test('leaves running scripts the longest grace that can be set, but does not wait for an agent that says nothing', async () => {
    const graceful = hosted('answer only');
    void graceful.host.stop();
    const silent = hosted('nothing');
    void silent.host.stop();
    await vi.advanceTimersByTimeAsync(30_000);
    expect([graceful.launched[0]?.killed, silent.launched[0]?.killed]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(585_000);
    expect(graceful.launched[0]?.killed).toBe(false);
  });

  test('kills one that can’t be asked, and ends a wait for the next start', async () => {
    const { host, launched } = hosted('not attached');
    await host.stop();
    expect(launched[0]?.killed).toBe(true);
    const waiting = hosted();
    waiting.launched[0]?.end(null);
    await waiting.host.stop();
    vi.advanceTimersByTime(600_000);
    expect(waiting.launched).toHaveLength(1);
  });
});
