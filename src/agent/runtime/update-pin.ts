/** `[update] keys_file`, read once. A file that can't be used is a state that is shown, and never a reason not to start. */
import type { Logger } from '../../base/logger.ts';
import { namedFile, readTrustedFile } from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';
import type { Pin } from '../update/key-ring.ts';

export async function readPin(path: string | null, startedAs: Hosting, log: Logger): Promise<Pin> {
  if (path === null) return { kind: 'none' };
  // Only where there are keys: a start without any is sooner on the air.
  const { MAX_ENVELOPE_BYTES } = await import('../update/envelope.ts');
  const { pinOf } = await import('../update/key-ring.ts');
  const file = readTrustedFile(path, namedFile(startedAs, MAX_ENVELOPE_BYTES));
  const pin: Pin =
    file.kind === 'ok'
      ? pinOf(Buffer.from(file.text))
      : { kind: 'unusable', why: file.kind === 'missing' ? 'it does not exist' : file.why };
  if (pin.kind === 'unusable') log.error('the keys of updates can not be used', { file: path, why: pin.why });
  return pin;
}
