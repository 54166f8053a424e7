/**
 * `npm run dist:verify [-- --win] [--linux] [--test-runtime]`: builds twice from nothing and compares. Invariant: unsigned, one
 * commit gives the same bytes; each file that differs is named.
 */
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './bootstrap/paths.mjs';
import { visible } from './bootstrap/processes.mjs';
import { CliError, main, say } from './bootstrap/say.mjs';
import { sha256Of } from './lib/packaging/evidence.ts';

const RELEASE = join(ROOT, 'release');

await main(async () => {
  const first = await build('first');
  const second = await build('second');
  const names = [...new Set([...first.keys(), ...second.keys()])].sort();
  const differing = names.filter((name) => first.get(name) !== second.get(name));
  for (const name of names) say(`${differing.includes(name) ? 'DIFFERS' : 'same   '} ${name}`);
  return differing.length === 0 ? 0 : 1;
});

/** @returns what was made, by its digest */
async function build(name: string): Promise<Map<string, string>> {
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  rmSync(RELEASE, { recursive: true, force: true });
  const dist = fileURLToPath(new URL('dist.ts', import.meta.url));
  if ((await visible(process.execPath, [dist, ...process.argv.slice(2)])) !== 0)
    throw new CliError(`The ${name} build failed.`);
  const kept = join(ROOT, `release-${name}`);
  rmSync(kept, { recursive: true, force: true });
  renameSync(RELEASE, kept);
  const files = readdirSync(kept, { withFileTypes: true }).filter((entry) => entry.isFile());
  const made = new Map(files.map((entry) => [entry.name, sha256Of(join(kept, entry.name))]));
  rmSync(kept, { recursive: true });
  return made;
}
