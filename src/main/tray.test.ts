import { beforeEach, expect, test } from 'vitest';
import { nativeTheme, Tray } from '../../test/support/electron-stub.ts';
import type { MenuAction } from '../shared/tray-menu.ts';
import { pictureFile, TrayIcon, type TrayModel, variant } from './tray.ts';

const IDLE: TrayModel = {
  mark: 'idle',
  tooltip: 'Kanade Tray – connected',
  menu: [
    { kind: 'line', label: 'Connected · PC-1' },
    { kind: 'separator' },
    { kind: 'action', label: 'R&D', action: { kind: 'open', route: { screen: 'status' } } },
  ],
};

beforeEach(() => {
  Tray.made.length = 0;
  Object.assign(nativeTheme, {
    shouldUseDarkColors: false,
    shouldUseDarkColorsForSystemIntegratedUI: false,
    shouldUseHighContrastColors: false,
  });
});

function icon() {
  const actions: MenuAction[] = [];
  const tray = new TrayIcon({
    pictures: '/p',
    isSigned: false,
    onOpen: () => {},
    onAction: (action) => actions.push(action),
  });
  return { tray, actions };
}

const what = () => Tray.made.at(-1)?.done.map(([done]) => done) ?? [];

test('is made once, and changes only what has changed', () => {
  const { tray } = icon();
  tray.show(IDLE);
  tray.show(IDLE);
  tray.show({ ...IDLE });
  expect(what()).toEqual(['made', 'image', 'tooltip', 'menu']);
  tray.show({ ...IDLE, mark: 'offline', tooltip: 'Offline' });
  expect(what()).toEqual(['made', 'image', 'tooltip', 'menu', 'image', 'tooltip']);
  expect(Tray.made).toHaveLength(1);
});

test('an entry does what it says, and shows an ampersand as one', () => {
  const { tray, actions } = icon();
  tray.show(IDLE);
  const [, menu] = Tray.made[0]?.done.find(([done]) => done === 'menu') ?? [];
  const entries = menu as { label?: string; enabled?: boolean; click?: () => void }[];
  expect(entries[0]).toMatchObject({ enabled: false });
  expect(entries[2]?.label).toBe('R&&D');
  entries[2]?.click?.();
  expect(actions).toEqual([{ kind: 'open', route: { screen: 'status' } }]);
});

test('follows the taskbar’s theme while it is shown, and not the programs’', () => {
  const { tray } = icon();
  tray.show(IDLE);
  nativeTheme.shouldUseDarkColorsForSystemIntegratedUI = true;
  nativeTheme.emit('updated');
  expect(Tray.made[0]?.done.at(-1)).toEqual(['image', { path: '/p/dark/idle.png' }]);
  expect(Tray.made).toHaveLength(1);
});

test.each([
  [false, false, 'light'],
  [true, false, 'dark'],
  [false, true, 'contrast-light'],
  [true, true, 'contrast-dark'],
])('dark %j and high contrast %j give the variant %s', (dark, contrast, expected) => {
  nativeTheme.shouldUseDarkColorsForSystemIntegratedUI = dark;
  nativeTheme.shouldUseHighContrastColors = contrast;
  expect(variant()).toBe(expected);
});

test('Windows gets icons with all sizes, others a picture with its scales beside it', () => {
  expect(pictureFile('idle', 'dark', 'win32')).toMatch(/dark.idle\.ico$/);
  expect(pictureFile('idle', 'dark', 'linux')).toBe('dark/idle.png');
});

test('once hidden it is gone, and shown again it is a new one', () => {
  const { tray } = icon();
  tray.show(IDLE);
  tray.hide();
  expect([tray.visible, Tray.made[0]?.destroyed]).toEqual([false, true]);
  tray.show(IDLE);
  expect(Tray.made).toHaveLength(2);
  expect(what()).toEqual(['made', 'image', 'tooltip', 'menu']);
});
