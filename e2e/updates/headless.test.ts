/** The headless packages as `npm run dist -- --headless` makes them: what is installed starts, and what is an update can be taken by it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { withoutKanade } from '../../scripts/lib/agent-process.ts';
import { buildHeadless } from '../../scripts/lib/packaging/headless.ts';
import { unpack } from '../../src/agent/update/unpack.ts';
import { readCurrent } from '../../src/base/current-version.ts';
import { settings } from '../../test/support/agent-run.ts';
import { tempDir } from '../../test/support/temp.ts';

const { version } = packageJson;

test('the archive is an installation, and the package is a version of it', async () => {
  const [installation = '', update = ''] = await buildHeadless({ release: tempDir(), env: process.env });
  const root = tempDir();
  execFileSync('tar', ['-xzf', installation, '-C', root, '--no-same-owner']);
  const starter = join(root, 'bin', 'kanade-tray-agent');
  const env = { ...withoutKanade(process.env), KANADE_AGENT_DATA_DIR: tempDir() };
  const run = (...args: string[]) => execFileSync(starter, args, { env, encoding: 'utf8' });
  expect(run('--version')).toBe(`${version}\n`);
  expect(readCurrent(join(root, 'private', 'current.json'))).toEqual({ version });
  expect(readFileSync(join(root, 'kanade-tray-agent.service'), 'utf8')).toContain(
    'ExecStart=/opt/kanade-tray/bin/kanade-tray-agent --service\n',
  );
  const to = join(tempDir(), version);
  const files = readdirSync(join(root, 'versions', version), { recursive: true, withFileTypes: true });
  const bytes = files
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  const unpackedBytes = bytes.reduce((sum, each) => sum + each, 0);
  const signal = new AbortController().signal;
  expect(await unpack({ file: update, to, unpackedBytes, signal })).toEqual({ ok: true });
  // As the version before would ask it, with its own Node and native modules.
  const config = join(root, 'agent.toml');
  writeFileSync(config, settings({ url: 'nats://127.0.0.1:1' }));
  const node = join(to, 'node', 'node');
  const args = [join(to, 'agent', 'main.js'), '--self-test', tempDir(), '--config', config];
  expect(JSON.parse(execFileSync(node, args, { env, encoding: 'utf8' }))).toMatchObject({ version });
}, 180_000);
