import { describe, expect, test } from 'vitest';
import { noDisplay, startDisplay } from '../../test/support/display.ts';
import { eventually } from '../../test/support/eventually.ts';
import { startTrayWatcher } from '../../test/support/tray-watcher.ts';
import { busPath, hasTrayHost } from './tray-host.ts';

test.each([
  ['unix:path=/run/user/1000/bus', '/run/user/1000/bus'],
  ['unix:path=/tmp/a%20b,guid=0123', '/tmp/a b'],
  ['unix:abstract=/tmp/dbus-x,guid=0123', '\0/tmp/dbus-x'],
  ['unix:guid=0123,path=/tmp/x', '/tmp/x'],
  ['tcp:host=localhost,port=1;unix:path=/tmp/y', '/tmp/y'],
  ['', null],
  ['tcp:host=localhost,port=1', null],
])('the socket of %j is %j', (address, path) => {
  expect(busPath(address)).toBe(path);
});

test('other systems always have a place for icons', async () => {
  expect(await hasTrayHost({}, 'win32')).toBe(true);
});

test('without a bus there is none', async () => {
  expect(await hasTrayHost({}, 'linux')).toBe(false);
  expect(await hasTrayHost({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' }, 'linux')).toBe(false);
});

describe.skipIf(noDisplay !== null)('on a real bus', () => {
  test('there is one as long as a watcher is there', async () => {
    const { env, busAddress } = await startDisplay();
    expect(await hasTrayHost(env, 'linux')).toBe(false);
    const watcher = await startTrayWatcher(busAddress);
    expect(await hasTrayHost(env, 'linux')).toBe(true);
    watcher.stop();
    await eventually(async () => expect(await hasTrayHost(env, 'linux')).toBe(false));
  });
});
