/** The document that holds a fleet's schedules back. */
import { type Decoded, decodeObject } from './fields.ts';

/** What holds back all schedules of a fleet: key `freeze` of the bucket `fleet_config` (protocol §6.6). Bounds as texts. */
export interface FreezeDocument {
  readonly from: string | null;
  readonly until: string | null;
  readonly reason: string | null;
  readonly tz: 'local' | 'utc';
}

export function decodeFreeze(body: Uint8Array): Decoded<'freeze', FreezeDocument> {
  return decodeObject(body, 'freeze', (fields) => ({
    from: fields.nullableString('from'),
    until: fields.nullableString('until'),
    reason: fields.nullableString('reason'),
    tz: fields.has('tz') ? fields.oneOf('tz', ['local', 'utc']) : 'local',
  }));
}
