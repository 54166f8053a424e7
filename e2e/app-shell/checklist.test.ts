/**
 * Electron's checklist of twenty items, each as far as it can be seen in our own code; what only a running Electron shows is
 * in `life.test.ts`. The numbers are those of the list.
 */
import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, Protocol, Session } from 'electron';
import { describe, expect, test } from 'vitest';
import { contentSecurityPolicy } from '../../src/client/renderer-files.ts';
import { answer, SCHEME, serveRenderer } from '../../src/main/app-protocol.ts';
import { CHANNEL, ipcLink } from '../../src/main/ipc-link.ts';
import type { AppLog } from '../../src/main/log.ts';
import { lockDownContents, lockDownSession } from '../../src/main/security.ts';
import { MainWindow } from '../../src/main/window.ts';
import { linkFor } from '../../src/shared/contact-links.ts';
import { BrowserWindow, ipcMain, WebContents } from '../../test/support/electron-stub.ts';

const SRC = join(import.meta.dirname, '..', '..', 'src');
const FILES = new Map([['/', { body: Buffer.from('<!doctype html>'), type: 'text/html; charset=utf-8' }]]);

function quietLog(): AppLog & { readonly errors: string[] } {
  const errors: string[] = [];
  return { errors, info: () => {}, error: (text) => void errors.push(text) };
}

function lockedSession() {
  const set: Record<string, (...args: never[]) => unknown> = {};
  const session = Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: (handler: never) => (set.request = handler),
    setPermissionCheckHandler: (handler: never) => (set.check = handler),
    setDevicePermissionHandler: (handler: never) => (set.device = handler),
    webRequest: { onBeforeRequest: (handler: never) => (set.before = handler) },
  });
  lockDownSession(session as unknown as Session);
  const call = (name: string, ...args: unknown[]) =>
    (set[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
  return { session, call };
}

function lockedContents(): WebContents {
  const app = new EventEmitter();
  lockDownContents(app as unknown as App, quietLog());
  const contents = new WebContents();
  app.emit('web-contents-created', {}, contents);
  return contents;
}

function openedWindow(): BrowserWindow {
  const window = new MainWindow({
    preload: '/dist/preload/preload.cjs',
    icon: '/icon.png',
    log: quietLog(),
    progress: () => -1,
    title: () => 'Kanade Tray',
    size: () => null,
    onSize: () => {},
    serve: () => ({ changed: () => {}, navigate: () => {} }),
    onClosed: () => {},
  });
  window.open({ screen: 'status' });
  const made = BrowserWindow.made.at(-1);
  if (made === undefined) throw new Error('no window was made');
  return made;
}

/** Every line of the app shell's sources. */
const SOURCES = ['main', 'preload']
  .flatMap((folder) => readdirSync(join(SRC, folder)).map((name) => join(SRC, folder, name)))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

describe('nothing but our own pages', () => {
  test.each([
    ['https://example.com/', true],
    ['http://127.0.0.1:4222/', true],
    ['file:///etc/passwd', true],
    ['data:text/html,x', true],
    ['app://other/', true],
    ['app://ui.evil/', true],
    ['app://ui/assets/index.js', false],
  ])('1: a request for %s is cancelled: %j', (url, cancel) => {
    const answers: unknown[] = [];
    lockedSession().call('before', { url }, (answered: unknown) => answers.push(answered));
    expect(answers).toEqual([{ cancel }]);
  });

  test('18: the window is loaded over our own scheme, from a fixed map', () => {
    expect(openedWindow().loaded).toBe('app://ui/');
    expect(SCHEME.privileges).toEqual({ standard: true, secure: true, supportFetchAPI: false, corsEnabled: false });
    const handlers: string[] = [];
    serveRenderer({ handle: (scheme: string) => handlers.push(scheme) } as unknown as Protocol, FILES);
    expect(handlers).toEqual(['app']);
    const status = (url: string, method = 'GET') => answer({ url, method }, FILES).status;
    expect([status('app://ui/'), status('app://ui/../secret'), status('app://ui/%2e%2e/secret')]).toEqual([
      200, 404, 404,
    ]);
    expect([status('app://other/'), status('app://ui/', 'POST'), status('app://ui/index.js')]).toEqual([404, 404, 404]);
  });

  test('7: every answer has the policy, with trusted types and without any unsafe word', () => {
    for (const url of ['app://ui/', 'app://ui/missing']) {
      const policy = answer({ url, method: 'GET' }, FILES).headers.get('content-security-policy') ?? '';
      expect(policy).toBe(contentSecurityPolicy("'none'"));
    }
    const parts = contentSecurityPolicy("'none'").split('; ');
    expect(parts).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });
});

describe('what a page is given', () => {
  test('2, 3, 4, 6, 8, 9, 10, 11: no Node, isolated, sandboxed, and nothing that is off by default is on', () => {
    expect(openedWindow().options.webPreferences).toEqual({
      preload: '/dist/preload/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      devTools: true,
      spellcheck: false,
    });
    expect(SOURCES).toContain('app.enableSandbox()');
    expect(SOURCES).not.toMatch(
      /allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|allowpopups|commandLine\.append/,
    );
  });

  test('20: one link of texts over one channel, and no object of Electron', () => {
    const preload = readFileSync(join(SRC, 'preload', 'preload.ts'), 'utf8');
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1);
    expect(preload.match(/import \{[^}]*\} from 'electron'/)?.[0]).toBe(
      "import { contextBridge, ipcRenderer } from 'electron'",
    );
    expect(preload).not.toMatch(/ipcRenderer\.(invoke|sendSync|sendToHost|postMessage)/);
  });
});

describe('what a page may not do', () => {
  test('5: no permission is given, whatever is asked', () => {
    const { session, call } = lockedSession();
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'anything']) {
      const answers: unknown[] = [];
      call('request', {}, permission, (given: unknown) => answers.push(given));
      expect([permission, answers, call('check', {}, permission), call('device', { deviceType: 'hid' })]).toEqual([
        permission,
        [false],
        false,
        false,
      ]);
    }
    let prevented = false;
    session.emit('will-download', { preventDefault: () => (prevented = true) });
    expect(prevented).toBe(true);
  });

  test.each([
    ['12', 'will-attach-webview'],
    ['13', 'will-navigate'],
    ['13', 'will-redirect'],
    ['13', 'will-frame-navigate'],
  ])('%s: %s is prevented', (_item, name) => {
    let prevented = false;
    lockedContents().emit(name, { preventDefault: () => (prevented = true) });
    expect(prevented).toBe(true);
  });

  test('14: no window is opened by a page', () => {
    expect(lockedContents().openHandler?.({ url: 'https://example.com' })).toEqual({ action: 'deny' });
  });
});

describe('15: only IT’s own lines are opened, by their name', () => {
  const support = { url: 'https://it.example/tickets?a=1', mail: 'it@example.com', phone: '03-1234 (56)' };

  test('as they are set', () => {
    expect([linkFor('page', support), linkFor('mail', support), linkFor('phone', support)]).toEqual([
      'https://it.example/tickets?a=1',
      'mailto:it@example.com',
      'tel:03123456',
    ]);
  });

  test('the hours beside a number are not dialled with it', () => {
    expect(linkFor('phone', { ...support, phone: '0800 123 (9:00-18:00)' })).toBe('tel:0800123');
  });

  test.each([
    ['page', { url: 'http://it.example/' }],
    ['page', { url: 'file:///C:/Windows/System32/calc.exe' }],
    ['page', { url: 'javascript:alert(1)' }],
    ['page', { url: 'https://user:secret@it.example/' }],
    ['page', { url: 'no address' }],
    ['page', { url: null }],
    ['mail', { mail: 'it@example.com?body=x' }],
    ['mail', { mail: 'no address' }],
    ['phone', { phone: 'call me' }],
    ['phone', { phone: 'from 9 to 18' }],
    ['phone', { phone: null }],
  ] as const)('%s: %j is not opened', (id, changed) => {
    expect(linkFor(id, { ...support, ...changed })).toBeNull();
  });
});

describe('17: a message counts only from the main frame of that window and our origin', () => {
  function linked() {
    const contents = new WebContents();
    const got: string[] = [];
    const log = quietLog();
    const link = ipcLink(ipcMain as never, contents as never, log);
    link.onMessage((text) => got.push(text));
    const send = (senderFrame: unknown, text: unknown, sender: unknown = contents) =>
      ipcMain.emit(CHANNEL, { sender, senderFrame }, text);
    return { contents, got, log, link, send };
  }

  test('a text of its own page is taken', () => {
    const { contents, got, send } = linked();
    send(contents.mainFrame, '{"id":1}');
    expect(got).toEqual(['{"id":1}']);
  });

  test('anything else is dropped, and noted', () => {
    const { contents, got, log, send } = linked();
    send({ url: 'app://ui/' }, 'from another frame');
    send(null, 'from no frame');
    contents.mainFrame.url = 'https://evil.example/';
    send(contents.mainFrame, 'from another origin');
    contents.mainFrame.url = 'app://ui.evil/';
    send(contents.mainFrame, 'from a look-alike');
    contents.mainFrame.url = 'app://ui/';
    send(contents.mainFrame, { not: 'a text' });
    send(contents.mainFrame, 'x'.repeat(3 * 1024 * 1024));
    expect(got).toEqual([]);
    expect(log.errors).toHaveLength(6);
  });

  test('of another window are none of ours, and after the end there are none', () => {
    const { contents, got, link, send } = linked();
    send(contents.mainFrame, 'x', new WebContents());
    link.close();
    send(contents.mainFrame, 'late');
    expect(got).toEqual([]);
  });
});

test('16: the Electron that is named is no older than the one that was tried', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(SRC, '..', 'package.json'), 'utf8'));
  expect(Number(/\d+/.exec(devDependencies.electron)?.[0])).toBeGreaterThanOrEqual(45);
});
