import { expect, test } from 'vitest';
import { agentBus, ask, during } from '../../../test/support/duties.ts';
import { operator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { systemClock } from '../../base/clock.ts';
import { hostFacts } from '../../platform/host-facts.ts';
import { HeartbeatBody } from './heartbeat-body.ts';
import { startPing } from './ping.ts';

test('a ping is answered with a heartbeat, whatever is in it; one without reply subject harms nothing', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const body = new HeartbeatBody({ pcId: pcIdOf('a.b'), agentVersion: '1.2.3', host: hostFacts(), clock: systemClock });
  during(startPing({ pcId: pcIdOf('a.b'), bus: await agentBus(server, 'a.b'), body }));
  for (const payload of ['', '{}', '\u0000']) {
    nc.publish('agents.a.b.ping', payload);
    expect(JSON.parse(await ask(nc, 'agents.a.b.ping', payload))).toMatchObject({
      pc_id: 'a.b',
      agent_version: '1.2.3',
    });
  }
});
