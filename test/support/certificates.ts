/** A private certificate authority in a directory of the test, made with openssl; valid for two days. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

export class CertificateAuthority {
  readonly certFile: string;
  readonly #keyFile: string;
  readonly #directory: string;

  constructor(directory: string, name: string) {
    this.#directory = join(directory, name);
    mkdirSync(this.#directory, { recursive: true });
    this.certFile = join(this.#directory, 'ca.pem');
    this.#keyFile = join(this.#directory, 'ca.key');
    const files = ['-keyout', this.#keyFile, '-out', this.certFile];
    openssl('req', '-x509', ...NEW_KEY, ...files, '-days', '2', '-subj', `/CN=${name}`);
  }

  /** For a server with these hosts; or for a client of this name. */
  issue(name: string, hosts = 'IP:127.0.0.1,DNS:localhost'): KeyPair {
    const file = (suffix: string) => join(this.#directory, `${name}.${suffix}`);
    const [certFile, keyFile, request, extensions] = ['pem', 'key', 'csr', 'ext'].map(file) as [
      string,
      string,
      string,
      string,
    ];
    writeFileSync(extensions, `subjectAltName=${hosts}\n`);
    openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
    const authority = ['-CA', this.certFile, '-CAkey', this.#keyFile, '-CAcreateserial'];
    openssl('x509', '-req', '-in', request, ...authority, '-days', '2', '-extfile', extensions, '-out', certFile);
    return { certFile, keyFile };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

/** Why there are no certificates here; null where there can be. */
export function noCertificatesHere(): string | null {
  try {
    openssl('version');
    return null;
  } catch {
    return 'there is no openssl on the PATH';
  }
}
