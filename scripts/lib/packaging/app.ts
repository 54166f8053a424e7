/** The desktop application as a directory: Electron with our bundle in its archive, sealed by its fuses (threat-model §3.2). */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type FuseConfig, FuseV1Options, flipFuses } from '@electron/fuses';
import { findNode24 } from '../../bootstrap/node24.mjs';
import { ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { FUSES } from '../fuses.ts';
import { ownElectronVersion } from './electron-for.ts';

export type Platform = 'win32' | 'linux';
export interface StandIn {
  readonly directory: string;
  readonly version: string;
}

const SYSTEMS = {
  win32: { flag: '--win', icon: 'win', file: 'icon.ico', unpacked: 'win-unpacked', program: 'Kanade Tray.exe' },
  linux: { flag: '--linux', icon: 'linux', file: 'icon.png', unpacked: 'linux-unpacked', program: 'kanade-tray' },
};
const SAID_OF_A_FAILURE = 2_000;

/**
 * @param options.to a directory that is not there yet
 * @param options.standIn instead of the project's own Electron, for tests
 */
export async function packApp({
  to,
  platform,
  standIn,
  env,
}: {
  readonly to: string;
  readonly platform: Platform;
  readonly standIn: StandIn | null;
  readonly env: NodeJS.ProcessEnv;
}) {
  // Outside of the project: else all of its packages would be packed, and all that the application needs is bundled.
  const work = mkdtempSync(join(tmpdir(), 'kanade-tray-app-'));
  try {
    const { flag, icon, file, unpacked, program } = SYSTEMS[platform];
    const source = join(work, 'app');
    collect(source, standIn !== null);
    const args = [
      join(ROOT, 'node_modules', 'electron-builder', 'cli.js'),
      flag,
      'dir',
      '--x64',
      '--publish=never',
      `--config=${join(ROOT, 'electron-builder.yml')}`,
      `--project=${source}`,
      `-c.directories.output=${work}`,
      `-c.${icon}.icon=${join(ROOT, 'assets', 'app', file)}`,
      `-c.electronVersion=${standIn?.version ?? ownElectronVersion()}`,
      ...(standIn === null ? [] : [`-c.electronDist=${standIn.directory}`]),
    ];
    await step('Packing the application', async () => {
      const all = { ...env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' };
      const result = await quiet(findNode24(), args, { cwd: source, env: all });
      if (!result.ok) throw new CliError(packingProblem(result.output));
    });
    // What a stand-in for tests starts with instead of an application.
    rmSync(join(work, unpacked, 'resources', 'app'), { recursive: true, force: true });
    await seal(join(work, unpacked, program), standIn !== null);
    cpSync(join(work, unpacked), to, { recursive: true, verbatimSymlinks: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What is packed: the bundles, and a package.json that says where to begin. */
function collect(to: string, forStandIn: boolean) {
  const main = forStandIn ? 'test-main' : 'main';
  for (const part of [main, 'preload', 'renderer', 'assets']) copyRuntime(join(ROOT, 'dist', part), join(to, part));
  const { name, version, description, author, homepage, license } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const about = { name, productName: 'Kanade Tray', version, description, author, homepage, license };
  const entry = forStandIn
    ? { type: 'commonjs', main: 'test-main/main.cjs' }
    : { type: 'module', main: 'main/main.js' };
  writeFileSync(join(to, 'package.json'), JSON.stringify({ ...about, ...entry }, null, 2));
}

/** Copies what runs, without source maps, notes of the build, and what an agent that ran from there has compiled. */
export function copyRuntime(from: string, to: string) {
  const isLeftOut = (path: string) => /\.(map|inputs)$/.test(path) || basename(path) === 'compiled';
  cpSync(from, to, { recursive: true, filter: (path) => !isLeftOut(path) });
}

function packingProblem(output: string) {
  if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|status code 4\d\d|getaddrinfo|cannot download|HTTPError/i.test(output))
    return 'Electron can not be downloaded here; --test-runtime builds with a stand-in, for tests only.';
  return `The application can not be packed:\n${output.trim().slice(-SAID_OF_A_FAILURE)}`;
}

/** Fuses that an older runtime, a stand-in for tests, does not have. */
const NEWER_FUSES = new Set(
  [
    FuseV1Options.WasmTrapHandlers,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
    FuseV1Options.LoadBrowserProcessSpecificV8Snapshot,
  ].map(String),
);

async function seal(program: string, isStandIn: boolean) {
  const older = Object.entries({ ...FUSES, strictlyRequireAllFuses: false }).filter(([fuse]) => !NEWER_FUSES.has(fuse));
  const fuses = isStandIn ? Object.fromEntries(older) : FUSES;
  await flipFuses(program, fuses as FuseConfig<boolean>);
}
