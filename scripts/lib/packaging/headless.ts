/**
 * The agent for Linux PCs without a desktop that bring themselves up to date (docs/updates.md): an archive to install once, and the
 * package of an update, which is one `versions/<version>` of it. One commit gives the same bytes.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { step } from '../../bootstrap/say.mjs';
import { packDirectory, updateName } from './archive.ts';
import { commitTime } from './commit-time.ts';
import { assembleAgent, WORK } from './tree.ts';

const SOURCE = join(ROOT, 'packaging', 'linux');

/** @returns the archive of an installation, and the package of an update */
export async function buildHeadless({
  release,
  env,
}: {
  readonly release: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<readonly string[]> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const atSecs = await commitTime(env);
  const root = join(WORK, 'headless');
  rmSync(root, { recursive: true, force: true });
  const tree = join(root, 'versions', version);
  await assembleAgent({ to: tree, platform: 'linux', atSecs, env });
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'private'));
  const starter = join(root, 'bin', 'kanade-tray-agent');
  const current = join(root, 'private', 'current.json');
  const unit = join(root, 'kanade-tray-agent.service');
  cpSync(join(SOURCE, 'starter.sh'), starter);
  chmodSync(starter, 0o755);
  writeFileSync(current, `${JSON.stringify({ version })}\n`);
  writeFileSync(unit, unitText(readFileSync(join(SOURCE, 'kanade-tray-agent.service'), 'utf8')));
  for (const file of [starter, current, unit]) utimesSync(file, atSecs, atSecs);
  const installation = join(release, `kanade-tray-headless-${version}-linux-x86_64.tar.gz`);
  const update = join(release, updateName(version, 'linux'));
  await step('Packing the headless agent', async () => {
    await packDirectory({ file: installation, directory: root, atSecs });
    await packDirectory({ file: update, directory: tree, atSecs });
  });
  return [installation, update];
}

const PROGRAM = '/usr/lib/kanade-tray/node/node /usr/lib/kanade-tray/agent/main.js';

/** That of the Debian package, with our starter. */
function unitText(text: string): string {
  if (!text.includes(PROGRAM)) throw new Error('the unit starts something else by now');
  return text.replace(PROGRAM, '/opt/kanade-tray/bin/kanade-tray-agent');
}
