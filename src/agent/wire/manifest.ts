/** What a job says of itself to those who only show it; what it runs is read by `job.ts`. */
import { type Decoded, decodeObject } from './fields.ts';

/** What we need of a job in the bucket `jobs` (protocol §3.6). Everything else in it is let be (D30). */
export interface Manifest {
  readonly id: string;
  readonly version: string;
  /** For people; may have several lines. */
  readonly description: string | null;
  /** The job's output feeds the backend's inventory. */
  readonly inventory: boolean;
}

export function decodeManifest(body: Uint8Array): Decoded<'manifest', Manifest> {
  return decodeObject(body, 'manifest', (fields) => ({
    id: fields.string('id'),
    version: fields.string('version'),
    description: fields.nullableString('description'),
    inventory: !fields.isNone('inventory'),
  }));
}
