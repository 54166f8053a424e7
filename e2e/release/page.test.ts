/** The lines of docs/updates.md as they stand there, in their order, against a real broker. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Objm } from '@nats-io/obj';
import { create } from 'tar';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/bootstrap/paths.mjs';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { tempDir } from '../../test/support/temp.ts';

const run = promisify(execFile);
const RELEASE = 'npm run release -- ';

function linesOfPage(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'updates.md'), 'utf8');
  const block = /^```\n(npm run release -- keys .*?)^```$/ms.exec(page)?.[1];
  if (block === undefined) throw new Error('the page has no block of commands');
  return block.trimEnd().split('\n');
}

/** As a shell would part it; the page quotes nothing else. */
function argsOf(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '');
}

/** In the place of what `npm run dist` makes. */
async function packageAt(file: string): Promise<void> {
  const work = tempDir();
  writeFileSync(join(work, 'main.js'), randomBytes(10_000));
  await create({ file, cwd: work, gzip: true }, ['main.js']);
}

test('each line does what the page says', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const [here, safe] = [tempDir(), tempDir()];
  mkdirSync(join(here, 'release'));
  const newest = () => readdirSync(join(here, 'release-keys')).filter((name) => name.endsWith('.key'));
  let known: string[] = [];
  let made = '';
  const said: string[] = [];
  for (const line of linesOfPage()) {
    if (!line.startsWith(RELEASE)) {
      expect(line).toMatch(/^npm run dist -- --(headless|win)$/);
      continue;
    }
    const args = argsOf(line.slice(RELEASE.length)).map((arg) => {
      if (arg === 'nats://broker:4222') return server.url;
      // The key that was made last.
      return arg === '/media/safe' ? safe : arg === '0123456789abcdef' ? made : arg;
    });
    const file = args[args.indexOf('--file') + 1] ?? '';
    if (args[0] === 'sign') await packageAt(join(here, file));
    const script = join(ROOT, 'scripts', 'release.ts');
    said.push((await run(process.execPath, [script, ...args], { cwd: here })).stdout);
    made =
      newest()
        .find((name) => !known.includes(name))
        ?.replace(/^release-|\.key$/g, '') ?? made;
    known = newest();
  }
  expect(said).toEqual([
    expect.stringMatching(/^Release key: .*\nRecovery key: .*\nKey list: +release-keys\/keys\.1\.json\n$/),
    expect.stringMatching(/^Manifest 1: /),
    'Published 2.0.0-electron-linux-x86_64\nPublished 2.0.0-electron-linux-x86_64.manifest\n',
    expect.stringMatching(/^Manifest 2: /),
    'Published 2.0.0-electron-windows-x86_64\nPublished 2.0.0-electron-windows-x86_64.manifest\n',
    expect.stringMatching(/^New key: .*\nKey list: +release-keys\/keys\.2\.json\n$/),
    expect.stringMatching(/^New key: .*\nKey list: +release-keys\/keys\.3\.json\n/),
    'Published kanade-tray-keys.2\nPublished kanade-tray-keys.3\n',
  ]);
  const store = await new Objm(nc).open('agent_releases');
  const objects = (await store.list()).map(({ name }) => name).toSorted();
  expect(objects).toEqual([
    '2.0.0-electron-linux-x86_64',
    '2.0.0-electron-linux-x86_64.manifest',
    '2.0.0-electron-windows-x86_64',
    '2.0.0-electron-windows-x86_64.manifest',
    'kanade-tray-keys.2',
    'kanade-tray-keys.3',
  ]);
  expect(known).toHaveLength(3);
});
