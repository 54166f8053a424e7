/** What most of the installer's tests begin with. */
import { afterAll, beforeAll } from 'vitest';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { Pc } from './pc.ts';

/** A PC and an open broker for the tests of a file; both end with it. */
export function pcAndBroker(): { readonly pc: Pc; readonly broker: NatsServer } {
  const pc = Pc.create();
  let broker: NatsServer | null = null;
  beforeAll(async () => {
    broker = await startNatsServer();
  });
  afterAll(async () => {
    await pc.dispose();
    await broker?.stop();
  });
  return {
    pc,
    get broker() {
      if (broker === null) throw new Error('the broker starts with the first test');
      return broker;
    },
  };
}
