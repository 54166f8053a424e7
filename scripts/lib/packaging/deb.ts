/**
 * The Debian package, put together by `dpkg-deb` from our own tree. Invariant: everything in it belongs to root, and one commit
 * gives the same bytes.
 */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onPath, ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { bytesBelow } from './tree.ts';

const SOURCE = join(ROOT, 'packaging', 'linux');
const LIBRARY = 'usr/lib/kanade-tray';
const ICON_SIZES = [16, 24, 32, 48, 64, 128, 256];
/** What Electron's program and its tray need of a system; either name where Debian has changed it. */
const DEPENDS = [
  'libgtk-3-0t64 | libgtk-3-0',
  'libnss3',
  'libnotify4',
  'libatspi2.0-0t64 | libatspi2.0-0',
  'libasound2t64 | libasound2',
  'libgbm1',
  'libdrm2',
  'libxtst6',
  'libuuid1',
  'xdg-utils',
];
const RECOMMENDS = ['libayatana-appindicator3-1', 'gnome-shell-extension-appindicator'];

/**
 * @param options.tree what `assembleTree` made for Linux
 * @param options.file the package
 * @param options.atSecs the time that all files get, since the epoch
 * @param options.fast a test build: packed quickly instead of well
 */
export async function buildDeb({
  tree,
  version,
  file,
  atSecs,
  fast,
  env,
}: {
  readonly tree: string;
  readonly version: string;
  readonly file: string;
  readonly atSecs: number;
  readonly fast: boolean;
  readonly env: NodeJS.ProcessEnv;
}) {
  if (!onPath('dpkg-deb', env))
    throw new CliError('Install dpkg-deb (Debian and Ubuntu have it; elsewhere the package dpkg).');
  const work = mkdtempSync(join(tmpdir(), 'kanade-tray-deb-'));
  try {
    layOut(work, join(tree, 'tree'), version);
    settle(work, atSecs);
    mkdirSync(dirname(file), { recursive: true });
    await step('Packing the Debian package', async () => {
      const how = fast ? ['-Zgzip', '-z1'] : ['-Zxz'];
      const all = { ...env, SOURCE_DATE_EPOCH: String(atSecs) };
      const result = await quiet('dpkg-deb', ['--build', '--root-owner-group', ...how, work, file], { env: all });
      if (!result.ok) throw new CliError(`The Debian package can not be built:\n${result.output.trim()}`);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function layOut(work: string, tree: string, version: string) {
  const put = (from: string, to: string) => {
    mkdirSync(dirname(join(work, to)), { recursive: true });
    cpSync(from, join(work, to), { recursive: true, verbatimSymlinks: true });
  };
  for (const part of ['app', 'agent', 'node']) put(join(tree, part), `${LIBRARY}/${part}`);
  writeFileSync(join(work, LIBRARY, 'current.json'), `${JSON.stringify({ version })}\n`);
  put(join(SOURCE, 'hand-over'), `${LIBRARY}/hand-over`);
  put(join(SOURCE, 'kanade-tray-agent.service'), 'lib/systemd/system/kanade-tray-agent.service');
  put(join(SOURCE, 'kanade-tray.desktop'), 'usr/share/applications/kanade-tray.desktop');
  put(join(SOURCE, 'kanade-tray-autostart.desktop'), 'etc/xdg/autostart/kanade-tray.desktop');
  put(join(SOURCE, 'apparmor'), 'etc/apparmor.d/kanade-tray');
  put(join(ROOT, 'LICENSE'), 'usr/share/doc/kanade-tray/copyright');
  for (const size of ICON_SIZES)
    put(
      join(ROOT, 'assets', 'app', `${size}x${size}.png`),
      `usr/share/icons/hicolor/${size}x${size}/apps/kanade-tray.png`,
    );
  mkdirSync(join(work, 'usr', 'bin'), { recursive: true });
  symlinkSync('../lib/kanade-tray/app/kanade-tray', join(work, 'usr', 'bin', 'kanade-tray'));
  mkdirSync(join(work, 'DEBIAN'));
  for (const script of ['postinst', 'prerm', 'postrm']) put(join(SOURCE, script), `DEBIAN/${script}`);
  writeFileSync(
    join(work, 'DEBIAN', 'conffiles'),
    '/etc/apparmor.d/kanade-tray\n/etc/xdg/autostart/kanade-tray.desktop\n',
  );
  writeFileSync(join(work, 'DEBIAN', 'control'), control(version, Math.ceil(bytesBelow(work) / 1024)));
}

function control(version: string, size: number) {
  const fields = {
    Package: 'kanade-tray',
    // A version before a release sorts before it.
    Version: version.replace('-', '~'),
    Architecture: 'amd64',
    Maintainer: 'kanade-tray contributors <maintainers@kanade-tray.invalid>',
    'Installed-Size': String(size),
    Depends: DEPENDS.join(', '),
    Recommends: RECOMMENDS.join(', '),
    Section: 'admin',
    Priority: 'optional',
    Homepage: 'https://kanade-tray.invalid',
    Description:
      'what the IT department does on this PC\n Joins a kanade fleet, carries out what the IT department sends, and shows the person at the\n PC what happened and why.',
  };
  return `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}\n`;
}

/** Modes and times that do not depend on who builds, and when. */
function settle(work: string, atSecs: number) {
  const scripts = new Set(['postinst', 'prerm', 'postrm']);
  for (const entry of readdirSync(work, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const runs = entry.isDirectory() || (statSync(path).mode & 0o111) !== 0 || scripts.has(entry.name);
    chmodSync(path, runs ? 0o755 : 0o644);
    utimesSync(path, atSecs, atSecs);
  }
  chmodSync(work, 0o755);
}
