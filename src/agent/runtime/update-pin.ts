/** `[update] keys_file`, read once. A file that can't be used is a state that is shown, and never a reason not to start. */
import type { Logger } from '../../base/logger.ts';
import { namedFile, readTrustedFile } from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';
import { MAX_ENVELOPE_BYTES } from '../update/envelope.ts';
import { type Pin, pinOf } from '../update/key-ring.ts';

export function readPin(path: string | null, startedAs: Hosting, log: Logger): Pin {
  if (path === null) return { kind: 'none' };
  const file = readTrustedFile(path, namedFile(startedAs, MAX_ENVELOPE_BYTES));
  const pin: Pin =
    file.kind === 'ok'
      ? pinOf(Buffer.from(file.text))
      : { kind: 'unusable', why: file.kind === 'missing' ? 'it does not exist' : file.why };
  if (pin.kind === 'unusable') log.error('the keys of updates can not be used', { file: path, why: pin.why });
  return pin;
}
