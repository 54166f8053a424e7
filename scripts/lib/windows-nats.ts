/** The broker and its command line as Windows programs, for tests under wine. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, isFile, onPath } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { step } from '../bootstrap/say.mjs';
import { NATS_MODULE, NATS_VERSION } from './nats-server.ts';

const CLI_VERSION = '0.5.1';

/** A directory with nats-server.exe; null: there is no Go here to compile it. */
export function windowsNatsServer(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  return compiled('nats-server', NATS_VERSION, NATS_MODULE, env);
}

/** A directory with nats.exe; null: there is no Go here to compile it. */
export function windowsNats(env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  return compiled('nats', CLI_VERSION, `github.com/nats-io/natscli/nats@v${CLI_VERSION}`, env);
}

async function compiled(name: string, version: string, module: string, env: NodeJS.ProcessEnv) {
  const directory = join(cacheDir(env), `${name}-windows-${version}`);
  const program = join(directory, `${name}.exe`);
  if (isFile(program)) return directory;
  if (!onPath('go', env)) return null;
  await step(`Compiling ${name} for Windows (once)`, async () => {
    const gopath = mkdtempSync(join(tmpdir(), 'kanade-tray-go-'));
    const all = { ...env, GOPATH: gopath, GOFLAGS: '-modcacherw', GOOS: 'windows', GOARCH: 'amd64' };
    await quiet('go', ['install', module], { env: all });
    mkdirSync(directory, { recursive: true });
    const made = join(gopath, 'bin', 'windows_amd64', `${name}.exe`);
    if (isFile(made)) cpSync(made, program);
    rmSync(gopath, { recursive: true, force: true });
  });
  return isFile(program) ? directory : null;
}
