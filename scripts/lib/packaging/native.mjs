/** The two small Windows programs of `native`, compiled here. Invariant: one commit gives the same bytes. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installWithApt } from '../apt.mjs';
import { onPath, ROOT } from '../paths.mjs';
import { quiet } from '../processes.mjs';
import { Fault, step } from '../say.mjs';

const COMPILER = 'x86_64-w64-mingw32-gcc';
const FLAGS = [
  '-std=c17',
  '-Os',
  '-s',
  '-municode',
  '-mwindows',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,--no-insert-timestamp',
];
const PROGRAMS = { 'Kanade Tray.exe': 'starter.c', 'kanade-tray-agent.exe': 'service-host.c' };

/**
 * @param {string} directory where the programs go
 * @param {NodeJS.ProcessEnv} env
 */
export async function compileNative(directory, env = process.env) {
  if (!onPath(COMPILER, env)) {
    await installWithApt('Installing the compiler for Windows (once)', ['gcc-mingw-w64-x86-64'], env);
    if (!onPath(COMPILER, env)) throw new Fault(`Install ${COMPILER} (Debian: gcc-mingw-w64-x86-64).`);
  }
  mkdirSync(directory, { recursive: true });
  await step('Compiling the starter and the service host', async () => {
    for (const [program, source] of Object.entries(PROGRAMS)) {
      const files = [join(ROOT, 'native', source), join(ROOT, 'native', 'current.c')];
      const result = await quiet(COMPILER, [...FLAGS, ...files, '-o', join(directory, program)], { env });
      if (!result.ok) throw new Fault(`native/${source} can not be compiled:\n${result.output.trim()}`);
    }
  });
}
