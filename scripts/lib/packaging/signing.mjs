/**
 * Signatures of the Windows programs, with IT's own certificate. Invariant: what is not signed is said, loudly; a signature that
 * was asked for and failed ends the build.
 */
import { renameSync, rmSync } from 'node:fs';
import { onPath } from '../paths.mjs';
import { quiet } from '../processes.mjs';
import { Fault } from '../say.mjs';

/** @typedef {(file: string) => Promise<void>} Sign */

const TIMESTAMP_URL = 'http://timestamp.digicert.com';

/**
 * - `KANADE_TRAY_SIGN_COMMAND`: a program that signs the file it is given, in place (a key in a vault or a token)
 * - `KANADE_TRAY_SIGN_PKCS12`, with `KANADE_TRAY_SIGN_PASSWORD_FILE`: a certificate file, for osslsigncode or signtool
 * - `KANADE_TRAY_SIGN_TIMESTAMP`: the RFC 3161 server; empty: no time stamp
 * @param {NodeJS.ProcessEnv} env
 * @returns {Sign | null} null: nothing was asked for
 */
export function signerOf(env) {
  const { KANADE_TRAY_SIGN_COMMAND: command, KANADE_TRAY_SIGN_PKCS12: certificate } = env;
  if (command) return (file) => run(command, [file], file, env);
  if (!certificate) return null;
  const passwordFile = env.KANADE_TRAY_SIGN_PASSWORD_FILE;
  if (!passwordFile)
    throw new Fault('KANADE_TRAY_SIGN_PASSWORD_FILE is missing: the file with the password of the certificate.');
  const timestamp = env.KANADE_TRAY_SIGN_TIMESTAMP ?? TIMESTAMP_URL;
  if (!onPath('osslsigncode', env))
    throw new Fault('Install osslsigncode, or name a program in KANADE_TRAY_SIGN_COMMAND.');
  return async (file) => {
    const fresh = `${file}.signed`;
    const about = ['-pkcs12', certificate, '-readpass', passwordFile, '-h', 'sha256', '-n', 'Kanade Tray'];
    const time = timestamp === '' ? [] : ['-ts', timestamp];
    rmSync(fresh, { force: true });
    await run('osslsigncode', ['sign', ...about, ...time, '-in', file, '-out', fresh], file, env);
    renameSync(fresh, file);
  };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env
 */
async function run(command, args, file, env) {
  const result = await quiet(command, args, { env });
  if (!result.ok) throw new Fault(`${file} can not be signed:\n${result.output.trim()}`);
}
