/** What the small Windows programs hand on to Node and to the application: nothing that makes another program of them. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileNative } from '../../scripts/lib/packaging/native.ts';
import { eventually } from '../../test/support/eventually.ts';
import { GIVEN, Pc } from './pc.ts';

const ROOT = 'C:\\Program Files\\Kanade Tray';
const pc = Pc.create();

beforeAll(async () => {
  await compileNative(pc.path(ROOT), '1.2.3');
  pc.put(`${ROOT}\\current.json`, '{"version":"1.2.3"}');
  // Instead of the application: what shows its environment.
  const application = pc.path(`${ROOT}\\versions\\1.2.3\\app\\Kanade Tray.exe`);
  mkdirSync(join(application, '..'), { recursive: true });
  cpSync(join(GIVEN.node, 'bin', 'node.exe'), application);
});
afterAll(() => pc.dispose());

it('the starter starts the application without them, whoever has set them', async () => {
  pc.put('C:\\planted.js', "require('node:fs').writeFileSync('C:\\\\planted.txt', '');");
  pc.put(
    'C:\\show.js',
    "require('node:fs').writeFileSync('C:\\\\shown.new', JSON.stringify(process.env)); require('node:fs').renameSync('C:\\\\shown.new', 'C:\\\\shown.txt');",
  );
  const env = {
    NODE_OPTIONS: '--require=C:\\planted.js',
    Node_Path: 'C:\\planted',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    OPENSSL_CONF: 'C:\\planted.cnf',
    NODE_EXTRA_CA_CERTS: 'C:\\planted.pem',
    NODE_REDIRECT_WARNINGS: 'C:\\planted.log',
    ssl_cert_file: 'C:\\planted.pem',
    ELECTRON_RUN_AS_NODE: '1',
    SITE: 'Kobe',
  };
  // Node of the test itself must not obey them: they are set in between.
  const set = Object.entries(env).map(([name, value]) => `set "${name}=${value}"`);
  pc.put('C:\\start.cmd', [...set, `"${ROOT}\\bin\\Kanade Tray.exe" C:\\show.js`].join('\r\n'));
  expect((await pc.run('C:\\windows\\system32\\cmd.exe', '/C C:\\start.cmd')).code).toBe(0);
  await eventually(() => expect(pc.has('C:\\shown.txt')).toBe(true), 60_000);
  const shown = JSON.parse(pc.read('C:\\shown.txt')) as Record<string, string>;
  expect(Object.keys(env).filter((name) => name in shown)).toEqual(['SITE']);
  expect(pc.has('C:\\planted.txt')).toBe(false);
});
