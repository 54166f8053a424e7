/** A fleet that loses its broker is back within seconds of its return, and not as one wave. */
import { connect as dial, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { sleep } from '../../base/sleep.ts';
import { hasLasted, reconnectDelayMs, type Trouble } from './reconnect.ts';

const MINUTE_MS = 60_000;

/** The shortest and the longest of many. */
function range(trouble: Trouble): [number, number] {
  const ends = [reconnectDelayMs(trouble, () => 0), reconnectDelayMs(trouble, () => 1)];
  return [Math.min(...ends), Math.max(...ends)];
}

test('how long it waits: at once after a loss, seconds while nothing answers, up to a minute where it is refused', () => {
  expect(range({ kind: 'lost' })).toEqual([0, 1_000]);
  expect(range({ kind: 'unreachable', forMs: 0 })).toEqual([1_000, 2_000]);
  expect(range({ kind: 'unreachable', forMs: 5 * MINUTE_MS - 1 })).toEqual([1_000, 2_000]);
  expect(range({ kind: 'unreachable', forMs: 5 * MINUTE_MS })).toEqual([5_000, 10_000]);
  expect(range({ kind: 'unreachable', forMs: 30 * 24 * 60 * MINUTE_MS })).toEqual([5_000, 10_000]);
  const refused = [1, 2, 3, 4, 5, 6, 100].map((times) => range({ kind: 'refused', times }));
  expect(refused).toEqual([
    [1_000, 2_000],
    [2_000, 4_000],
    [4_000, 8_000],
    [8_000, 16_000],
    [16_000, 32_000],
    [30_000, 60_000],
    [30_000, 60_000],
  ]);
});

test('a server that takes us and lets us go at once gives no connection that was one', () => {
  expect([0, 9_999, 10_000].map(hasLasted)).toEqual([false, false, true]);
});

/** The moments at which clients of a broker that is away from 0 to `backAtMs` are connected again, in a world without delays. */
function returns(clients: number, backAtMs: number): number[] {
  return Array.from({ length: clients }, () => {
    let atMs = reconnectDelayMs({ kind: 'lost' });
    while (atMs < backAtMs) atMs += reconnectDelayMs({ kind: 'unreachable', forMs: atMs });
    return atMs - backAtMs;
  });
}

test.for([500, 3_000, 30_000, 4 * MINUTE_MS, 10 * MINUTE_MS])(
  '3,000 agents return evenly to a broker that was away for %i ms',
  (awayMs) => {
    const moments = returns(3_000, awayMs);
    expect(Math.max(...moments)).toBeLessThan(10_000);
    const perTenth = new Map<number, number>();
    for (const moment of moments) {
      const tenth = Math.floor(moment / 100);
      perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
    }
    // Even over a second would be 10 % in each tenth of it.
    expect(Math.max(...perTenth.values()) / moments.length).toBeLessThan(0.2);
  },
);

/** A client without a library, which comes back as the connector would. */
class Client {
  readonly returnsAtMs: number[] = [];
  connected = false;
  readonly #port: number;
  readonly #closing: AbortSignal;

  constructor(port: number, closing: AbortSignal) {
    this.#port = port;
    this.#closing = closing;
  }

  async run(): Promise<void> {
    let lostAtMs = performance.now();
    while (!this.#closing.aborted) {
      const had = await this.#once();
      if (had) lostAtMs = performance.now();
      const trouble: Trouble = had ? { kind: 'lost' } : { kind: 'unreachable', forMs: performance.now() - lostAtMs };
      await sleep(reconnectDelayMs(trouble), this.#closing).catch(() => {});
    }
  }

  /** Resolves when its connection has ended, with whether there was one. */
  #once(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket: Socket = dial(this.#port, '127.0.0.1');
      const triedAtMs = performance.now();
      const onAbort = () => socket.destroy();
      this.#closing.addEventListener('abort', onAbort);
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const said = data.toString();
        if (said.startsWith('INFO')) socket.write('CONNECT {"verbose":false}\r\nPING\r\n');
        if (!said.includes('PONG')) return;
        this.connected = true;
        this.returnsAtMs.push(triedAtMs);
      });
      socket.on('close', () => {
        this.#closing.removeEventListener('abort', onAbort);
        resolve(this.connected);
        this.connected = false;
      });
    });
  }
}

test('a broker that is restarted has 1,000 clients back within 10 s, and not all at once', async () => {
  const port = await freePort();
  const server = await startNatsServer({ port });
  const closing = new AbortController();
  const clients = Array.from({ length: 1_000 }, () => new Client(port, closing.signal));
  const runs = clients.map((client) => client.run());
  onTestFinished(async () => {
    closing.abort();
    await Promise.all(runs);
  });
  const allConnected = () => expect(clients.filter(({ connected }) => !connected)).toHaveLength(0);
  await eventually(allConnected);
  await server.kill();
  await eventually(() => expect(clients.some(({ connected }) => connected)).toBe(false));
  for (const { returnsAtMs } of clients) returnsAtMs.length = 0;
  // So long it is away.
  await sleep(2_000);
  await server.start();
  const backAtMs = performance.now();
  await eventually(allConnected);

  const moments = clients.map(({ returnsAtMs: [first = Number.NaN] }) => first - backAtMs);
  expect(Math.max(...moments)).toBeLessThan(10_000);
  const perQuarter = new Map<number, number>();
  for (const moment of moments) {
    const quarter = Math.floor(moment / 250);
    perQuarter.set(quarter, (perQuarter.get(quarter) ?? 0) + 1);
  }
  expect(Math.max(...perQuarter.values())).toBeLessThan(clients.length / 2);
});
