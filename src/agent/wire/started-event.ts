/** The message that an execution has begun. */
import type { SentResultId } from '../../shared/ids.ts';
import { type Decoded, decodeObject } from './fields.ts';
import { formatTimestamp } from './timestamp.ts';

/** An execution has begun (protocol §12.3); `resultId` is that of the result to come. */
export interface StartedEvent {
  readonly resultId: SentResultId;
  readonly requestId: string;
  readonly execId: string;
  readonly pcId: string;
  readonly startedAtNs: bigint;
  readonly manifestId: string;
  readonly version: string;
}

export function encodeStarted(event: StartedEvent): Uint8Array {
  const text = JSON.stringify({
    result_id: event.resultId,
    request_id: event.requestId.toWellFormed(),
    exec_id: event.execId.toWellFormed(),
    pc_id: event.pcId,
    started_at: formatTimestamp(event.startedAtNs),
    manifest_id: event.manifestId.toWellFormed(),
    version: event.version.toWellFormed(),
  });
  return Buffer.from(text);
}

export function decodeStarted(body: Uint8Array): Decoded<'event', StartedEvent> {
  return decodeObject(body, 'event', (fields) => ({
    resultId: fields.string('result_id') as SentResultId,
    requestId: fields.string('request_id'),
    execId: fields.string('exec_id'),
    pcId: fields.string('pc_id'),
    startedAtNs: fields.timestamp('started_at'),
    manifestId: fields.string('manifest_id'),
    version: fields.string('version'),
  }));
}
