/**
 * `node dist/web/main.js [--tray] [--port N]`: the window of the agent on this machine as a page on the loopback. Prints the
 * address to open, and a new one whenever it has been used.
 */
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { errorText } from '../base/logger.ts';
import { ownAccount } from '../client/own-account.ts';
import { rendererFiles } from '../client/renderer-files.ts';
import { directoriesOf, startDirectory } from '../shared/directories.ts';
import type { HostMode } from '../shared/states.ts';
import { newHome, servePage } from './page.ts';
import { serveWindow, type WebServer } from './server.ts';

const USAGE = 'usage: node dist/web/main.js [--tray] [--port N]';
const RENDERER = fileURLToPath(new URL('../renderer', import.meta.url));

interface Options {
  readonly startedAs: HostMode;
  readonly port: number;
}

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: { tray: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
    });
    const port = Number(values.port);
    if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
      return `--port: expected 0 to 65535, not "${values.port}"\n${USAGE}`;
    return { startedAs: values.tray ? 'tray' : 'service', port };
  } catch (error) {
    return `${errorText(error)}\n${USAGE}`;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    console.error(options);
    return 1;
  }
  const { platform, env } = process;
  const { agentDir } = directoriesOf({ ...options, platform, env, cwd: startDirectory(), home: homedir() });
  const home = newHome(agentDir, await ownAccount());
  let server: WebServer;
  try {
    server = await serveWindow({
      files: rendererFiles(RENDERER),
      port: options.port,
      onPage: (socket, request) => servePage(socket, request, home),
      onAddress: (address) => console.log(`again: ${address}`),
      onBug: (error) => console.error(error),
    });
  } catch (error) {
    console.error(`The window can not be served: ${errorText(error)}`);
    return 1;
  }
  console.log(`window: ${server.address}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return 0;
}

process.exitCode = await main();
// What a page's connection to the agent still holds open is of no use any more.
process.exit();
