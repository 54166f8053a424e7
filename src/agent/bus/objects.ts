import { Objm } from '@nats-io/obj';
import { errorText } from '../base/logger.ts';
import { isMissing } from './api.ts';
import type { ObjectRead } from './bus.ts';
import type { Session } from './session.ts';

/** Which of `names` the object store holds; null where it can't be told. */
export async function objectsPresent(
  session: Session,
  bucket: string,
  names: readonly string[],
): Promise<ReadonlySet<string> | null> {
  try {
    const store = await new Objm(session.js).open(bucket, { check: false });
    const present = new Set<string>();
    for (const name of names) {
      const info = await store.info(name);
      if (info !== null && !info.deleted) present.add(name);
    }
    return present;
  } catch (error) {
    return isMissing(error) ? new Set() : null;
  }
}

/** Reads an object whole; the client checks its digest (a damaged chunk is an error). At most `maxBytes`. */
export async function objectGet(
  session: Session,
  bucket: string,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<ObjectRead> {
  try {
    const store = await new Objm(session.js).open(bucket, { check: false });
    const info = await store.info(name);
    if (info === null || info.deleted) return { kind: 'absent' };
    if (info.size > maxBytes) return { kind: 'failed', why: `it is larger than ${maxBytes} bytes` };
    const body = await Promise.race([store.getBlob(name), rejectOnAbort(signal)]);
    return body === null ? { kind: 'absent' } : { kind: 'value', body };
  } catch (error) {
    return isMissing(error) ? { kind: 'absent' } : { kind: 'failed', why: errorText(error) };
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
