import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { followServiceHost, onEarlyStop, onSessionChange, onStopRequest } from './stop-requests.ts';

afterEach(() => void vi.restoreAllMocks());

function heard() {
  const said: unknown[] = [];
  onTestFinished(onStopRequest((graceMs) => void said.push(graceMs)));
  onTestFinished(onSessionChange(() => void said.push('session')));
  return said;
}

describe('the service’s host on standard input', () => {
  test('says stop, the end of the PC with less time, and sessions; what is not known is ignored', async () => {
    const input = new PassThrough();
    followServiceHost(input);
    const said = heard();
    input.write('session 5 2\nresume\nsto');
    input.write('p\npreshutdown\n');
    await turn();
    expect(said).toEqual(['session', null, 30_000]);
  });

  test('means the end as well when it is gone', async () => {
    const input = new PassThrough();
    followServiceHost(input);
    const said = heard();
    input.end();
    await turn();
    await turn();
    expect(said).toEqual([null]);
  });

  test('ends a process that has nothing to end yet', async () => {
    vi.spyOn(process, 'getActiveResourcesInfo').mockReturnValue([]);
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const input = new PassThrough();
    followServiceHost(input);
    input.write('stop\n');
    await turn();
    expect(exit).toHaveBeenCalledWith(0);
  });
});

test('a signal asks for the end, until nobody listens any more', () => {
  const said: unknown[] = [];
  const end = onStopRequest((graceMs) => void said.push(graceMs));
  process.emit('SIGTERM');
  end();
  process.emit('SIGHUP');
  expect(said).toEqual([null]);
});

test('a signal that comes before anybody listens ends the process as ever, after what has to be done for that', () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const before = vi.fn();
  onTestFinished(onEarlyStop(before));
  const end = onStopRequest(() => {});
  process.emit('SIGTERM', 'SIGTERM');
  expect([before.mock.calls, kill.mock.calls]).toEqual([[], []]);
  end();
  process.emit('SIGTERM', 'SIGTERM');
  expect([before.mock.calls, kill.mock.calls]).toEqual([[[]], [[process.pid, 'SIGTERM']]]);
  expect(process.listenerCount('SIGTERM')).toBe(0);
});

test('so does the service’s host', async () => {
  vi.spyOn(process, 'getActiveResourcesInfo').mockReturnValue([]);
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const before = vi.fn();
  onTestFinished(onEarlyStop(before));
  const input = new PassThrough();
  followServiceHost(input);
  input.write('stop\n');
  await turn();
  expect([before.mock.calls, exit.mock.calls]).toEqual([[[]], [[0]]]);
});
