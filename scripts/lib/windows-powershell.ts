/** A PowerShell 7 for Windows, to be run under wine; nothing that is shipped contains or needs it. */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, isFile, ROOT } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';

/** Where Windows has its own, and looks for it first; wine has a program there that does nothing. */
export const POWERSHELL_DIRECTORY = 'drive_c/windows/system32/WindowsPowerShell/v1.0';

/** Beside the checkout. */
const SET_UP = join(dirname(ROOT), 'shared', 'tools', 'powershell', 'setup.sh');

/**
 * Its directory, with the program by both of its names: what KANADE_TEST_PWSH_WINDOWS names, else unpacked once into our cache from
 * `../shared/tools/powershell`.
 * @returns null: there is none here
 */
export async function windowsPowershell(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const named = env.KANADE_TEST_PWSH_WINDOWS ?? '';
  const directory = named === '' ? join(cacheDir(env), 'powershell-windows') : named;
  const program = join(directory, 'pwsh.exe');
  if (!isFile(program)) {
    if (named !== '' || !isFile(SET_UP)) return null;
    await step('Unpacking PowerShell for Windows (once)', async () => {
      const result = await quiet(SET_UP, ['win-x64', directory], { env });
      if (!result.ok) throw new CliError(`PowerShell for Windows could not be unpacked:\n${result.output.trim()}`);
    });
  }
  const powershell = join(directory, 'powershell.exe');
  if (!isFile(powershell)) cpSync(program, powershell);
  return directory;
}
