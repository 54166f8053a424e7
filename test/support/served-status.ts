/** A status server in this process, whose states a test moves by hand; it goes with the test. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type StatusServer, serveStatus } from '../../src/agent/status/serve.ts';
import { WatchedCell } from '../../src/base/watched.ts';
import { endpointGuard } from '../../src/platform/endpoint-acl.ts';
import { type StatusWorld, statusWorld } from './status.ts';
import { tempDir } from './temp.ts';

export interface Served extends StatusWorld {
  readonly dataDirectory: string;
  readonly server: StatusServer;
  readonly accounts: WatchedCell<readonly string[]>;
}

export async function serve(dataDirectory = tempDir(), runDirectory = tempDir()): Promise<Served> {
  await chmod(dataDirectory, 0o711);
  await chmod(runDirectory, 0o711);
  const world = statusWorld(dataDirectory);
  const accounts = new WatchedCell<readonly string[]>([]);
  const serving = await serveStatus({
    ports: world.ports,
    directory: join(dataDirectory, 'kanade-tray'),
    guard: endpointGuard(),
    accounts,
    hostSecret: null,
    env: { XDG_RUNTIME_DIR: runDirectory },
    runDirectory,
  });
  if (serving.kind !== 'serving') throw new Error(serving.why);
  onTestFinished(() => serving.server.close());
  return Object.assign(world, { dataDirectory, accounts, server: serving.server });
}
