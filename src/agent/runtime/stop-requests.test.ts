import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { followServiceHost, onSessionChange, onStopRequest } from './stop-requests.ts';

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
