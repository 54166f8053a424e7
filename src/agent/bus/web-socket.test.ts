import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { operator } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';
import { connectWeb } from './web-socket.ts';

const FRAME_BYTES = 60_000;
const ENDS_WITHIN_MS = 8_000;

/** A connection to a web port over a link that carries so much a second. */
async function overSlowLink(bytesPerSecond: number) {
  const port = await freePort();
  const server = await startNatsServer({ config: `websocket { host: "127.0.0.1", port: ${port}, no_tls: true }` });
  const link = await slowLink({ port }, bytesPerSecond, 'down');
  const servers = link.url.replace('nats:', 'ws:');
  const dialled = await connectWeb({ servers, reconnect: false, timeout: 5_000 }, undefined);
  onTestFinished(async () => {
    dialled.giveUp();
    await dialled.nc.close();
  });
  return { server, link, dialled };
}

test('what has come of a frame counts before all of it is there', async () => {
  const { server, dialled } = await overSlowLink(20_000);
  const { nc, inBytes } = dialled;
  nc.subscribe('x', { callback: () => {} });
  await nc.flush();
  const [before, frames] = [inBytes(), nc.stats().inBytes];
  (await operator(server)).publish('x', new Uint8Array(FRAME_BYTES));
  await eventually(() => expect(inBytes()).toBeGreaterThan(before + FRAME_BYTES / 10));
  expect(nc.stats().inBytes).toBe(frames);
});

test('on a link that takes nothing any more a connection that is given up ends soon, with what is unsent', async () => {
  const { link, dialled } = await overSlowLink(1_000_000);
  const { nc } = dialled;
  link.cut();
  for (let n = 0; n < 20; n++) nc.publish('x', new Uint8Array(900_000));
  let isClosed = false;
  void nc.close().then(() => {
    isClosed = true;
  });
  dialled.giveUp();
  await eventually(() => expect(isClosed).toBe(true), ENDS_WITHIN_MS);
});
