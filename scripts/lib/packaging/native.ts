/** The small Windows programs of `native`, compiled here. Invariant: one commit gives the same bytes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onPath, ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';
import { CliError, step } from '../../bootstrap/say.mjs';
import { installWithApt } from '../apt.ts';

const COMPILER = 'x86_64-w64-mingw32-gcc';
const RESOURCES = 'x86_64-w64-mingw32-windres';
const MESSAGES = 'x86_64-w64-mingw32-windmc';
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
const PROGRAMS = [
  // Whoever looks at the Event Log reads its texts from here.
  { file: 'bin/Kanade Tray.exe', source: 'starter.c', description: 'Kanade Tray', level: 'asInvoker', hasEvents: true },
  {
    file: 'private/kanade-tray-agent.exe',
    source: 'service-host.c',
    description: 'Kanade Tray Agent',
    level: 'asInvoker',
  },
  { file: 'private/hand-over.exe', source: 'setup-host.c', description: 'Kanade Tray Setup', level: 'asInvoker' },
  {
    file: 'private/uninstall.exe',
    source: 'uninstall.c',
    description: 'Kanade Tray Uninstall',
    level: 'requireAdministrator',
  },
  { file: 'uninstall.exe', source: 'uninstall.c', description: 'Kanade Tray Uninstall', level: 'requireAdministrator' },
];

/**
 * @param directory the directory of the product, without its versions
 * @param version of the product
 */
export async function compileNative(directory: string, version: string, env: NodeJS.ProcessEnv = process.env) {
  if (!onPath(COMPILER, env)) {
    await installWithApt('Installing the compiler for Windows (once)', ['gcc-mingw-w64-x86-64'], env);
    if (!onPath(COMPILER, env)) throw new CliError(`Install ${COMPILER} (Debian: gcc-mingw-w64-x86-64).`);
  }
  const work = mkdtempSync(join(tmpdir(), 'kanade-tray-native-'));
  try {
    await step('Compiling the small Windows programs', async () => {
      for (const program of PROGRAMS) await compile(program, { directory, version, work, env });
    });
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function compile(
  { file, source, description, level, hasEvents = false }: (typeof PROGRAMS)[number],
  { directory, version, work, env }: { directory: string; version: string; work: string; env: NodeJS.ProcessEnv },
) {
  const native = join(ROOT, 'native');
  const to = join(directory, file);
  const resources = join(work, `${source}.o`);
  mkdirSync(dirname(to), { recursive: true });
  const numbers = `${version.replace(/-.*/, '').replaceAll('.', ',')},0`;
  const defines = {
    PROGRAM_NUMBERS: numbers,
    PROGRAM_VERSION: version,
    PROGRAM_DESCRIPTION: description,
    PROGRAM_ICON: `"${join(ROOT, 'assets', 'app', 'icon.ico')}"`,
    ...(hasEvents ? { PROGRAM_HAS_EVENTS: '1' } : {}),
    PROGRAM_MANIFEST: `"${join(native, `${level}.manifest`)}"`,
  };
  const header = join(work, 'defines.h');
  writeFileSync(
    header,
    Object.entries(defines)
      .map(([name, value]) => `#define ${name} ${value}\n`)
      .join(''),
  );
  const run = async (command: string, args: string[]) => {
    const result = await quiet(command, args, { env });
    if (!result.ok) throw new CliError(`native/${source} can not be compiled:\n${result.output.trim()}`);
  };
  if (hasEvents) await run(MESSAGES, ['-h', work, '-r', work, join(native, 'events.mc')]);
  await run(RESOURCES, ['--include-dir', work, join(native, 'program.rc'), resources]);
  await run(COMPILER, [...FLAGS, join(native, source), join(native, 'current.c'), resources, '-o', to]);
}
