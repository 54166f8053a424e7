/**
 * The files of `[tls]`, read again for each try to connect, so that a certificate that was replaced heals a refused one (architecture
 * §7). They decide which broker is obeyed, so none counts that somebody else could have written (threat-model §4).
 */
import { namedFile, readTrustedFile, SHUT_IT } from '../../platform/secrets.ts';
import type { TlsTexts } from '../bus/sign-in.ts';
import type { BootConfig } from './boot-config.ts';

/** A bundle of all public authorities is a quarter of it. */
const MAX_PEM_BYTES = 1024 * 1024;

export type TlsRead =
  | { readonly ok: true; readonly tls: TlsTexts; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** Synchronous: local files of some KiB. */
export function readTls({ tls, startedAs }: Pick<BootConfig, 'tls' | 'startedAs'>): TlsRead {
  const warnings: string[] = [];
  const problems: string[] = [];
  const read = (path: string | null, isSecret = false): string | null => {
    if (path === null) return null;
    const file = readTrustedFile(path, namedFile(startedAs, MAX_PEM_BYTES));
    if (file.kind !== 'ok') {
      problems.push(`${path} ${file.kind === 'missing' ? 'does not exist' : file.why}`);
      return null;
    }
    if (isSecret && file.readableByOthers) warnings.push(`${path} can be read by others; ${SHUT_IT}`);
    return file.text;
  };
  const texts = { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key, true), serverName: tls.serverName };
  const [error] = problems;
  return error === undefined ? { ok: true, tls: texts, warnings } : { ok: false, error };
}
