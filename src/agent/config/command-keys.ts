/**
 * Where the keys of those who may send commands are written: in the file that the settings name, else where the original keeps them
 * (protocol §11.4). Invariant: what somebody else could have written is no ring, and nor is what can't be read; only what is not there
 * at all is one without keys.
 */
import { machineRegistry, type Registry } from '../../platform/registry.ts';
import { namedFile, readRegistrySecret, readTrustedFile, SECRETS_KEY, type TrustRule } from '../../platform/secrets.ts';
import type { RingText } from '../signing/key-store.ts';
import type { BootConfig } from './boot-config.ts';

export const KEYS_FILE = '/etc/kanade/command-keys.json';
const MAX_RING_BYTES = 1024 * 1024;
/** Of winerror.h. */
const ERROR_ACCESS_DENIED = 5;

export interface KeysPlace {
  readonly platform: NodeJS.Platform;
  readonly registry?: Registry;
  /** Default {@link KEYS_FILE}. */
  readonly file?: string;
}

export type KeysConfig = Pick<BootConfig, 'startedAs'> & {
  readonly commands: Pick<BootConfig['commands'], 'keysFile'>;
};

/** Reads it again with each call. Synchronous: it is local and small. */
export function readCommandKeys({ commands, startedAs }: KeysConfig, place: KeysPlace): RingText {
  const { keysFile } = commands;
  if (keysFile !== null) {
    const found = fromFile(keysFile, namedFile(startedAs, MAX_RING_BYTES));
    return found.kind === 'absent' ? { kind: 'failed', why: `${keysFile} does not exist` } : found;
  }
  if (place.platform === 'win32') return fromRegistry(place.registry ?? machineRegistry(), startedAs === 'tray');
  return fromFile(place.file ?? KEYS_FILE, { owners: 'root', maxBytes: MAX_RING_BYTES, wholeWay: true });
}

/** A person may be without the right to read it; what is required of them is then refused. */
function fromRegistry(registry: Registry, mayBeDenied: boolean): RingText {
  const found = readRegistrySecret(registry, 'CommandKeys');
  switch (found.kind) {
    case 'absent':
      return { kind: 'absent' };
    case 'text':
      return { kind: 'text', text: found.text };
    case 'error':
      if (mayBeDenied && found.code === ERROR_ACCESS_DENIED) return { kind: 'absent' };
      return { kind: 'failed', why: `HKLM\\${SECRETS_KEY} CommandKeys can't be read (Windows error ${found.code})` };
  }
}

function fromFile(path: string, rule: TrustRule): RingText {
  const found = readTrustedFile(path, rule);
  switch (found.kind) {
    case 'missing':
      return { kind: 'absent' };
    case 'refused':
      return { kind: 'failed', why: `${path} ${found.why}` };
    case 'ok':
      if (found.text.trim() === '') return { kind: 'failed', why: `${path} is empty; a ring without keys is []` };
      return { kind: 'text', text: found.text };
  }
}
