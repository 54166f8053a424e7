/** The Windows installer, compiled by makensis from `installer/installer.nsi` (64-bit stubs; it runs on 64-bit Windows only). */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { ensureMakensis } from './makensis.ts';
import { type Sign, signProgram, signTree } from './signing.ts';

/** As in `installer/common.nsh`. */
const PLUGIN_TARGET = 'amd64-unicode';

interface InstallerOptions {
  /** What `assembleTree` made. */
  readonly tree: string;
  readonly version: string;
  /** The installer. */
  readonly file: string;
  /** A test build: packed quickly instead of well. */
  readonly fast: boolean;
  readonly sign: Sign | null;
  /** The time of the commit, since the epoch. */
  readonly atSecs: number;
  readonly env: NodeJS.ProcessEnv;
}

export async function compileInstaller({ tree, version, file, fast, sign, atSecs, env }: InstallerOptions) {
  const makensis = await ensureMakensis(env);
  mkdirSync(dirname(file), { recursive: true });
  const [numbers = '0.0.0'] = version.split('-');
  const defines = {
    VERSION: version,
    VERSION_NUMBERS: `${numbers}.0`,
    TREE: tree,
    ICON: join(ROOT, 'assets', 'app', 'icon.ico'),
    ...(fast ? { FAST: '1' } : {}),
  };
  const compile = async (script: string, to: string) => {
    const args = Object.entries({ ...defines, OUT_FILE: to }).map(([name, value]) => `-D${name}=${value}`);
    const result = await quiet(makensis.command, [...makensis.args, '-V2', '-WX', ...plugins.args, ...args, script], {
      cwd: join(ROOT, 'installer'),
      env: { ...env, ...makensis.env, SOURCE_DATE_EPOCH: String(atSecs) },
    });
    if (!result.ok) throw new CliError(`installer/${script} can not be compiled:\n${result.output.trim()}`);
  };
  const plugins = await signedPlugins(join(makensis.share, 'Plugins', PLUGIN_TARGET), sign);
  try {
    await step('Compiling the installer', async () => {
      const uninstaller = join(tree, 'root', 'private', 'uninstaller.exe');
      await compile('uninstaller.nsi', uninstaller);
      if (sign !== null) await signProgram(uninstaller, sign);
      utimesSync(uninstaller, atSecs, atSecs);
      await compile('installer.nsi', file);
      if (sign !== null) await signProgram(file, sign);
    });
  } finally {
    plugins.remove();
  }
}

/** The libraries of NSIS that an installer unpacks and loads: signed copies, where signatures were asked for. */
async function signedPlugins(from: string, sign: Sign | null) {
  if (sign === null) return { args: [], remove: () => {} };
  if (!existsSync(from)) throw new CliError(`The plug-ins of NSIS are not in ${from}: what they are signed in.`);
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-nsis-'));
  cpSync(from, directory, { recursive: true });
  await step('Signing what the installer is made of', () => signTree(directory, sign));
  const args = [`-XTarget ${PLUGIN_TARGET}`, `-X!addplugindir "${directory}"`];
  return { args, remove: () => rmSync(directory, { recursive: true }) };
}
