/** A fleet for all tests of a file, and the versions that one PC of it has been heard with. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { provision } from '../../scripts/lib/fleet.ts';
import type { NatsServer } from '../../test/support/nats-server.ts';

/** Provisioned; whoever asks closes it. */
export async function operatorOfFile(broker: NatsServer): Promise<NatsConnection> {
  const nc = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  await provision(nc);
  return nc;
}

/** From now on, in order, each once. */
export function versionsHeard(nc: NatsConnection, pcId: string): string[] {
  const heard: string[] = [];
  nc.subscribe(`heartbeat.${pcId}`, {
    callback: (_error, message) => {
      const { agent_version: version } = message.json<{ agent_version: string }>();
      if (heard.at(-1) !== version) heard.push(version);
    },
  });
  return heard;
}
