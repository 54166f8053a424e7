/** Events in the fleet's timeline of a PC. */
import { formatTimestamp } from './timestamp.ts';

/** Something for the fleet's timeline of this PC, as 0.101 has it (protocol §12.3). */
export interface ObsEvent {
  readonly pcId: string;
  readonly atNs: bigint;
  readonly kind: string;
  readonly source: string;
  /** What is delivered twice with the same source and id is one event. */
  readonly recordId: string;
  readonly payload: Readonly<Record<string, string | number | null>>;
}

export function encodeObsEvent(event: ObsEvent): Uint8Array {
  const text = JSON.stringify({
    pc_id: event.pcId,
    at: formatTimestamp(event.atNs),
    kind: event.kind,
    source: event.source,
    event_record_id: event.recordId,
    payload: event.payload,
  });
  return Buffer.from(text);
}
