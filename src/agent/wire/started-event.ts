import { formatTimestamp } from './timestamp.ts';

/** Says that an execution has begun on this PC; carries the result_id that its result will have (protocol §12.3). */
export interface StartedEvent {
  readonly resultId: string;
  readonly requestId: string;
  readonly execId: string;
  readonly pcId: string;
  /** ns since the epoch. */
  readonly startedAtNs: bigint;
  readonly manifestId: string;
  readonly version: string;
}

export function encodeStarted(event: StartedEvent): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      result_id: event.resultId,
      request_id: event.requestId,
      exec_id: event.execId,
      pc_id: event.pcId,
      started_at: formatTimestamp(event.startedAtNs),
      manifest_id: event.manifestId,
      version: event.version,
    }),
  );
}
