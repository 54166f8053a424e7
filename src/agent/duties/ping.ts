/** Answers a ping with a heartbeat (protocol §12.3). */
import type { PcId } from '../../shared/ids.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import { pingSubject } from '../wire/subjects.ts';
import type { HeartbeatBody } from './heartbeat-body.ts';

export function startPing(options: { pcId: PcId; bus: Bus; body: HeartbeatBody }): Binding {
  return options.bus.subscribe(pingSubject(options.pcId), (message) => {
    if (message.reply !== undefined) message.respond(options.body.next().bytes);
  });
}
