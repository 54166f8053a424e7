/** Archives that one commit gives the same bytes: what PCs install, and what they take as an update (docs/updates.md). */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { create } from 'tar';
import { filesBelow } from './tree.ts';

/** All files below `directory`. `fast`: packed quickly instead of well, for tests. */
export async function packDirectory({
  file,
  directory,
  atSecs,
  fast = false,
}: {
  readonly file: string;
  readonly directory: string;
  readonly atSecs: number;
  readonly fast?: boolean;
}): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const how = { gzip: fast ? { level: 1 } : true, portable: true, mtime: new Date(atSecs * 1_000) } as const;
  // File by file, since directories are read in any order.
  await create({ file, cwd: directory, ...how }, filesBelow(directory));
}

/** What `npm run release -- sign` signs. */
export function updateName(version: string, platform: 'windows' | 'linux', suffix = ''): string {
  return `kanade-tray-update-${version}-${platform}-x86_64${suffix}.tar.gz`;
}
