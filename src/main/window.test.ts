import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { app, BrowserWindow } from '../../test/support/electron-stub.ts';
import { runIdOf } from '../../test/support/ids.ts';
import type { Route } from '../shared/app-shell-contract.ts';
import { MainWindow, zoomLevel } from './window.ts';

beforeEach(() => {
  BrowserWindow.made.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  // All windows of this file listen to one process: one that stays open goes on doing so.
  for (const window of BrowserWindow.made) window.destroy();
});

function mainWindow(size: { width: number; height: number } | null = null) {
  const served: Route[] = [];
  const navigated: Route[] = [];
  const sizes: unknown[] = [];
  let closed = 0;
  const window = new MainWindow({
    preload: '/p.cjs',
    icon: '/i.png',
    log: { info: () => {}, error: () => {} },
    title: () => 'Contoso Helper',
    progress: () => 0.5,
    size: () => size,
    onSize: (now) => sizes.push(now),
    serve: (_link, route) => {
      served.push(route);
      return { changed: () => {}, navigate: (to) => navigated.push(to) };
    },
    onClosed: () => {
      closed += 1;
    },
  });
  return { window, served, navigated, sizes, closed: () => closed };
}

const made = () => BrowserWindow.made.at(-1) as BrowserWindow;

test('opens where it was asked to, with the size that it had, and is shown once it has drawn itself', () => {
  const { window, served } = mainWindow({ width: 1_000, height: 700 });
  window.open({ screen: 'run', run: runIdOf(3) });
  expect(served).toEqual([{ screen: 'run', run: 3 }]);
  expect(made().options).toMatchObject({ width: 1_000, height: 700, minWidth: 360, minHeight: 360, show: false });
  expect(made().calls).toEqual([]);
  made().emit('ready-to-show');
  expect(made().calls).toEqual(['show']);
});

test('a page that never says that it has drawn itself is shown all the same, and one that was closed meanwhile is not', () => {
  vi.useFakeTimers();
  const { window } = mainWindow();
  window.open({ screen: 'status' });
  vi.advanceTimersByTime(3_000);
  made().emit('ready-to-show');
  expect(made().calls).toEqual(['show']);
  made().destroy();
  window.open({ screen: 'status' });
  made().destroy();
  vi.advanceTimersByTime(3_000);
  expect(made().calls).toEqual([]);
});

test('asked for again it comes to the front and goes there, and there is only one', () => {
  const { window, navigated } = mainWindow();
  window.open({ screen: 'status' });
  window.open({ screen: 'support' });
  expect(BrowserWindow.made).toHaveLength(1);
  expect(navigated).toEqual([{ screen: 'support' }]);
  expect(made().calls).toEqual(['show', 'focus']);
  window.open({ screen: 'activity' });
  expect(made().calls).toEqual(['show', 'focus', 'focus']);
});

test('a change of state never brings it to the front, and tells the taskbar how far a task is', () => {
  const { window } = mainWindow();
  window.open({ screen: 'status' });
  window.changed();
  expect([made().calls, made().progress]).toEqual([[], 0.5]);
});

test('remembers its size when it closes; asked for while it closes, a new one opens', () => {
  const { window, sizes, closed } = mainWindow();
  window.open({ screen: 'status' });
  made().emit('close');
  expect([sizes, closed(), window.isOpen]).toEqual([[{ width: 900, height: 700 }], 1, false]);
  window.open({ screen: 'status' });
  expect(BrowserWindow.made).toHaveLength(2);
  BrowserWindow.made[0]?.emit('closed');
  expect([window.isOpen, closed()]).toEqual([true, 1]);
});

test('a page that dies at once is not opened again and again', () => {
  const { window, closed } = mainWindow();
  window.open({ screen: 'status' });
  made().webContents.emit('render-process-gone', {}, { reason: 'crashed' });
  expect([BrowserWindow.made.length, window.isOpen, closed()]).toEqual([1, false, 1]);
});

test('a page that dies later is opened again where it was asked to go last, without taking the focus', () => {
  vi.useFakeTimers();
  const { window, served, closed } = mainWindow();
  window.open({ screen: 'status' });
  window.open({ screen: 'support' });
  vi.advanceTimersByTime(10_000);
  const dead = made();
  dead.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
  expect(made()).not.toBe(dead);
  made().emit('ready-to-show');
  expect(made().calls).toEqual(['showInactive']);
  expect(served).toEqual([{ screen: 'status' }, { screen: 'support' }]);
  expect([window.isOpen, closed()]).toEqual([true, 0]);
});

test('the product has no developer tools, a build at hand has', () => {
  const toolsOf = (isPackaged: boolean) => {
    app.isPackaged = isPackaged;
    mainWindow().window.open({ screen: 'status' });
    return made().options.webPreferences?.devTools;
  };
  expect([toolsOf(true), toolsOf(false)]).toEqual([false, true]);
});

test('a page that ended as it was told to is no crash', () => {
  const { window } = mainWindow();
  window.open({ screen: 'status' });
  made().webContents.emit('render-process-gone', {}, { reason: 'clean-exit' });
  expect(window.isOpen).toBe(true);
});

describe('the zoom', () => {
  const press = (key: string, more = {}) => zoomLevel({ type: 'keyDown', control: true, meta: false, key, ...more }, 1);

  test('has the keys of every window', () => {
    expect([press('+'), press('='), press('-'), press('0')]).toEqual([1.5, 1.5, 0.5, 0]);
  });

  test('leaves every other key alone', () => {
    expect([press('c'), press('+', { control: false }), press('+', { type: 'keyUp' })]).toEqual([null, null, null]);
  });

  test('ends at what can still be read', () => {
    expect(zoomLevel({ type: 'keyDown', control: true, meta: false, key: '+' }, 5)).toBe(5);
    expect(zoomLevel({ type: 'keyDown', control: true, meta: false, key: '-' }, -2)).toBe(-2);
  });
});
