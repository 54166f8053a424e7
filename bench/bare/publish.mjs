/** The bare delivery rate: so many results published with PubAck, 256 of them in flight, from memory. */
import { connect } from '@nats-io/transport-node';

const [, , url, count, body] = process.argv;
const nc = await connect({ servers: url });
let left = Number(count);
async function worker(index) {
  while (left > 0) {
    left -= 1;
    await nc.request(`results.bare-${index}-${left}`, body, { timeout: 10_000, noMux: false });
  }
}
await Promise.all(Array.from({ length: 256 }, (_, index) => worker(index)));
await nc.close();
