import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../e2e/support/temp.ts';
import { hostingOf, placesIn } from './places.ts';

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

test('Windows has an icon with all sizes', () => {
  expect([placesIn('/d', 'win32').icon, placesIn('/d', 'linux').icon]).toEqual([
    join('/d', 'assets', 'app', 'icon.ico'),
    join('/d', 'assets', 'app', '256x256.png'),
  ]);
});
