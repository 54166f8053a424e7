/**
 * The heartbeat: at once after each connect and on a changed interval, then every interval. Sent only while connected and
 * never queued (D32); a PC that slept sends one, not all that were missed. A heartbeat with our name that is not ours
 * means a second live agent.
 */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import type { PcId } from '../../shared/ids.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { EffectiveConfig } from '../wire/config-scope.ts';
import { decodeHeartbeat } from '../wire/heartbeat.ts';
import { heartbeatSubject } from '../wire/subjects.ts';
import type { HeartbeatBody } from './heartbeat-body.ts';

/** Own heartbeats may come back late, but not after so many others. */
const OWN_REMEMBERED = 16;
/** What the process before us sent may still be under way when we start. */
const PREDECESSOR_NS = 1_000_000_000n;

export interface HeartbeatOptions {
  readonly pcId: PcId;
  readonly bus: Bus;
  readonly body: Pick<HeartbeatBody, 'next'>;
  readonly config: Watched<EffectiveConfig>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for each heartbeat of another agent with our pc_id. */
  readonly onSecondAgent: () => void;
}

/** Starts the heartbeat (protocol §1.2, §3.3). */
export function startHeartbeat(options: HeartbeatOptions): Binding {
  const { pcId, bus, body, config, clock, log } = options;
  const subject = heartbeatSubject(pcId);
  const startedAtNs = clock.nowNs();
  const own: bigint[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let intervalMs = config.value.heartbeatIntervalMs;

  const beat = () => {
    if (isClosed) return;
    const { atNs, bytes } = body.next();
    own.push(atNs);
    if (own.length > OWN_REMEMBERED) own.shift();
    bus.publish(subject, bytes);
    arm(intervalMs);
  };
  // One timer that is set again after each beat: after a sleep there is one beat, not a burst.
  const arm = (inMs: number) => {
    clearTimeout(timer);
    timer = setTimeout(beat, inMs);
  };

  const listening = bus.subscribe(
    subject,
    ({ data }) => {
      const heard = decodeHeartbeat(data);
      if (!heard.ok || own.includes(heard.heartbeat.atNs)) return;
      if (heard.heartbeat.atNs < startedAtNs + PREDECESSOR_NS) return;
      log.warn('another agent uses the same pc_id', { hostname: heard.heartbeat.hostname });
      options.onSecondAgent();
    },
    (why) => log.debug('own heartbeats can not be heard', { why }),
    // The role of an agent may not listen there (protocol §11.3); the durable consumer shows a second agent too.
    { optional: true },
  );
  const stopLink = bus.link.watch(({ state }) => {
    // A moment later: whoever publishes from inside this call comes before the connection is in use. No later, since until then
    // the fleet takes this PC for away.
    if (state === 'connected') queueMicrotask(beat);
  });
  const stopConfig = config.watch(({ heartbeatIntervalMs }) => {
    if (heartbeatIntervalMs === intervalMs) return;
    intervalMs = heartbeatIntervalMs;
    arm(0);
  });
  if (bus.link.value.state === 'connected') arm(0);

  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      listening.close();
      stopLink();
      stopConfig();
    },
  };
}
