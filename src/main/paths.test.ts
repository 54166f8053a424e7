import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { hostingOf, installationOf, placesIn } from './paths.ts';

function resources(text?: string): string {
  const directory = tempDir();
  if (text !== undefined) writeFileSync(join(directory, 'host.json'), text);
  return directory;
}

test.each([
  ['a file of the installer for a service', '{"host":"service"}', 'service'],
  ['a file of the installer for the tray', '{"host":"tray"}', 'tray'],
  ['a file with another word', '{"host":"cloud"}', 'tray'],
  ['a file that can’t be read', '{"host":', 'tray'],
  ['a file without an object', 'null', 'tray'],
  ['no file', undefined, 'tray'],
])('with %s the agent is hosted as it says, else by the tray', (_what, text, expected) => {
  expect(hostingOf({}, resources(text))).toBe(expected);
});

test('the environment comes before the file, if it says something that there is', () => {
  const service = resources('{"host":"service"}');
  expect(hostingOf({ KANADE_TRAY_HOST: 'tray' }, service)).toBe('tray');
  expect(hostingOf({ KANADE_TRAY_HOST: 'service' }, resources())).toBe('service');
  expect(hostingOf({ KANADE_TRAY_HOST: '' }, service)).toBe('service');
});

test('an installation has the agent beside it, and says which version counts', () => {
  const root = tempDir();
  const resources = join(root, 'versions', '1.0.0', 'app', 'resources');
  mkdirSync(resources, { recursive: true });
  expect(installationOf(resources)).toBeNull();
  // What is in it may be hidden from people.
  mkdirSync(join(root, 'versions', '1.0.0', 'agent'));
  const agentMain = join(root, 'versions', '1.0.0', 'agent', 'main.js');
  const installation = installationOf(resources);
  expect(installation).toMatchObject({ agentMain, nativeCode: join(resources, 'native', 'main.js'), starter: null });
  expect(installation?.current()).toBeNull();
  writeFileSync(join(root, 'current.json'), '{"version":"1.1.0"}');
  expect(installation?.current()).toBe('1.1.0');
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin', 'Kanade Tray.exe'), '');
  expect(installationOf(resources)?.starter).toBe(join(root, 'bin', 'Kanade Tray.exe'));
});

test('Windows has an icon with all sizes', () => {
  expect([placesIn('/d', 'win32').icon, placesIn('/d', 'linux').icon]).toEqual([
    join('/d', 'assets', 'app', 'icon.ico'),
    join('/d', 'assets', 'app', '256x256.png'),
  ]);
});
