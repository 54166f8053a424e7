import { expect, it } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { RunningTray, SignIn } from '../../platform/windows/tray-sessions.ts';
import { TraySupervisor } from './tray-supervisor.ts';

const MINUTE_MS = 60_000;

/** A PC whose time goes when it is told to; `run` and `end` are what happens to its trays. */
function pcOf(options: { signedInSinceMs?: number; fails?: boolean } = {}) {
  let nowMs = 1_000_000;
  let sessions: SignIn[] = [{ session: 1, sinceMs: options.signedInSinceMs ?? nowMs }];
  let trays: RunningTray[] = [];
  let changed = () => {};
  const starts: number[] = [];
  const supervisor = new TraySupervisor({
    clock: { nowMs: () => nowMs, upMs: () => nowMs } as Clock,
    log: silentLogger,
    onSessionChange: (listener) => {
      changed = listener;
      return () => {};
    },
    traySessions: {
      sessions: () => sessions,
      trays: () => {
        const seen = trays;
        trays = trays.filter((tray) => tray.exitCode === null);
        return seen;
      },
      start: (session) => {
        starts.push(session);
        if (options.fails) throw new Error('no token');
        trays = [...trays, { session, exitCode: null }];
      },
      close: () => {},
    },
  });
  return {
    starts,
    pass(ms: number) {
      for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
        nowMs = Math.min(untilMs, nowMs + 15_000);
        supervisor.check();
      }
    },
    run: (session = 1) => {
      trays = [...trays, { session, exitCode: null }];
    },
    end: (exitCode: number, session = 1) => {
      trays = trays.map((tray) => (tray.session === session ? { ...tray, exitCode } : tray));
    },
    signIn: (session: number) => {
      sessions = [...sessions.filter((one) => one.session !== session), { session, sinceMs: nowMs }];
      changed();
    },
    signOut: (session: number) => {
      sessions = sessions.filter((one) => one.session !== session);
      trays = trays.filter((tray) => tray.session !== session);
      changed();
    },
  };
}

it('gives each session its icon within a minute, those that were there before at once', () => {
  const old = pcOf({ signedInSinceMs: 0 });
  expect(old.starts).toEqual([1]);
  const fresh = pcOf();
  expect(fresh.starts).toEqual([]);
  fresh.pass(MINUTE_MS);
  expect(fresh.starts).toEqual([1]);
  fresh.signIn(2);
  fresh.pass(MINUTE_MS);
  expect(fresh.starts).toEqual([1, 2]);
});

it('starts none where Windows has done so', () => {
  const pc = pcOf();
  pc.run();
  pc.pass(10 * MINUTE_MS);
  expect(pc.starts).toEqual([]);
});

it('brings one back that died, five times an hour', () => {
  const pc = pcOf({ signedInSinceMs: 0 });
  for (let death = 0; death < 10; death++) {
    pc.end(0xc0000005);
    pc.pass(MINUTE_MS);
  }
  expect(pc.starts).toHaveLength(5);
  pc.pass(60 * MINUTE_MS);
  expect(pc.starts).toHaveLength(6);
});

it('leaves a person alone who has closed it, until the next sign-in', () => {
  const pc = pcOf({ signedInSinceMs: 0 });
  pc.end(0);
  pc.pass(120 * MINUTE_MS);
  expect(pc.starts).toHaveLength(1);
  pc.signOut(1);
  pc.signIn(1);
  pc.pass(MINUTE_MS);
  expect(pc.starts).toHaveLength(2);
});

it('one that starts itself again is no one that was closed', () => {
  const pc = pcOf({ signedInSinceMs: 0 });
  pc.end(0);
  pc.pass(15_000);
  pc.run();
  pc.pass(15_000);
  pc.end(1);
  pc.pass(15_000);
  expect(pc.starts).toHaveLength(2);
});

it('goes on when one can not be started', () => {
  const pc = pcOf({ signedInSinceMs: 0, fails: true });
  expect(() => pc.pass(MINUTE_MS)).not.toThrow();
});
