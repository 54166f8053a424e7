/**
 * Signatures of the Windows programs, with IT's own certificate. Invariant: what is not signed is said, loudly; where signatures
 * were asked for, each file that Windows could load as a program has one, whatever its name is, or the build ends. So one rule for
 * one publisher lets all of the product run (AppLocker, WDAC); a maker's own signature, such as that of Node, is replaced.
 */
import { closeSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError } from '../../bootstrap/say.mjs';

export type Sign = (file: string) => Promise<void>;

const TIMESTAMP_URL = 'http://timestamp.digicert.com';

/**
 * - `KANADE_TRAY_SIGN_COMMAND`: a program that signs the file it is given, in place (a key in a vault or a token)
 * - `KANADE_TRAY_SIGN_PKCS12`, with `KANADE_TRAY_SIGN_PASSWORD_FILE`: a certificate file, for osslsigncode or signtool
 * - `KANADE_TRAY_SIGN_TIMESTAMP`: the RFC 3161 server; empty: no time stamp
 * @returns null: nothing was asked for
 */
export function signerOf(env: NodeJS.ProcessEnv): Sign | null {
  const { KANADE_TRAY_SIGN_COMMAND: command, KANADE_TRAY_SIGN_PKCS12: certificate } = env;
  if (command) return (file) => run(command, [file], file, env);
  if (!certificate) return null;
  const passwordFile = env.KANADE_TRAY_SIGN_PASSWORD_FILE;
  if (!passwordFile)
    throw new CliError('KANADE_TRAY_SIGN_PASSWORD_FILE is missing: the file with the password of the certificate.');
  const timestamp = env.KANADE_TRAY_SIGN_TIMESTAMP ?? TIMESTAMP_URL;
  if (!onPath('osslsigncode', env))
    throw new CliError('Install osslsigncode, or name a program in KANADE_TRAY_SIGN_COMMAND.');
  return async (file) => {
    const fresh = `${file}.signed`;
    const about = ['-pkcs12', certificate, '-readpass', passwordFile, '-h', 'sha256', '-n', 'Kanade Tray'];
    const time = timestamp === '' ? [] : ['-ts', timestamp];
    rmSync(fresh, { force: true });
    await run('osslsigncode', ['sign', ...about, ...time, '-in', file, '-out', fresh], file, env);
    renameSync(fresh, file);
  };
}

/** Signs every program below. */
export async function signTree(directory: string, sign: Sign) {
  for (const file of programsBelow(directory)) await signProgram(file, sign);
}

/** @throws {@link CliError} where it says that it has signed, and has not */
export async function signProgram(file: string, sign: Sign) {
  await sign(file);
  if (!programAt(file)?.isSigned) throw new CliError(`${file} has no signature, though signing it did not fail.`);
}

/** All that Windows could load as a program, a library or a module. */
export function programsBelow(directory: string) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => programAt(file) !== null)
    .sort();
}

const DOS_HEADER_BYTES = 64;
/** Signature, COFF header, and of the optional header what comes before the data directories of a 64-bit program. */
const PE_HEADER_BYTES = 4 + 20 + 112;
const PE32_PLUS = 0x20b;
/** The certificate table is the fifth directory; where it is, and how large. */
const CERTIFICATES_AT = 4 * 8;

/**
 * What the headers say (PE Format, "Optional Header Data Directories"); null: no program, whatever it is called.
 * @returns `isSigned`: some signature is there; nothing is said about its worth
 */
export function programAt(file: string): { readonly isSigned: boolean } | null {
  const fd = openSync(file, 'r');
  try {
    const read = (at: number, bytes: number) => {
      const buffer = Buffer.alloc(bytes);
      return readSync(fd, buffer, 0, bytes, at) === bytes ? buffer : null;
    };
    const dos = read(0, DOS_HEADER_BYTES);
    if (dos === null || dos.toString('latin1', 0, 2) !== 'MZ') return null;
    const header = read(dos.readUInt32LE(60), PE_HEADER_BYTES + CERTIFICATES_AT + 8);
    if (header === null || header.toString('latin1', 0, 4) !== 'PE\0\0') return null;
    const directories = header.readUInt16LE(24) === PE32_PLUS ? PE_HEADER_BYTES : PE_HEADER_BYTES - 16;
    return { isSigned: header.readUInt32LE(directories + CERTIFICATES_AT + 4) > 0 };
  } finally {
    closeSync(fd);
  }
}

async function run(command: string, args: string[], file: string, env: NodeJS.ProcessEnv) {
  const result = await quiet(command, args, { env });
  if (!result.ok) throw new CliError(`${file} can not be signed:\n${result.output.trim()}`);
}
