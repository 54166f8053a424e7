import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copied, nativeTheme } from '../../test/support/electron-stub.ts';
import { tempDir } from '../../test/support/temp.ts';
import type { Preferences, Route } from '../shared/app-shell-contract.ts';
import { DEFAULT_UI } from '../shared/ui-settings.ts';
import type { UiSettings } from '../shared/ui-view.ts';
import { AppShell } from './app-shell.ts';
import type { Host } from './host.ts';
import { NotificationRules } from './notification-rules.ts';
import { PreferencesFile } from './preferences.ts';

const UI: UiSettings = { ...DEFAULT_UI, brandName: 'Contoso Helper' };

interface Case {
  readonly hosts?: boolean;
  readonly ui?: Partial<UiSettings> | null;
  readonly preferences?: Partial<Preferences>;
  readonly startingForMs?: number;
}

/** An app shell on a directory in which no agent has ever been. */
function shellOf({ hosts = true, ui = null, preferences = {}, startingForMs = 60_000 }: Case = {}) {
  const log = { info: () => {}, error: () => {} };
  const file = new PreferencesFile(join(tempDir(), 'preferences.json'), log);
  file.set({
    preferences: { ...file.value.preferences, ...preferences },
    ui: ui === null ? null : { ...UI, ...ui },
  });
  const opened: Route[] = [];
  const done: string[] = [];
  const shell = new AppShell({
    agentDir: tempDir(),
    account: '1000',
    userName: 'taro',
    host: hosts ? ({ secret: '00'.repeat(32), restartAtMs: null } as Host) : null,
    startingUntilMs: performance.now() + startingForMs,
    preferences: file,
    rules: new NotificationRules(),
    systemLanguage: () => 'ja',
    log,
    onChange: () => {},
    onOpen: (route) => opened.push(route),
    onQuitIcon: () => done.push('icon quit'),
    onStopManagement: () => done.push('management stopped'),
  });
  onTestFinished(() => shell.close());
  const actions = () => shell.model().menu.flatMap((entry) => (entry.kind === 'action' ? [entry.action.kind] : []));
  return { shell, opened, done, actions };
}

test('without an agent it is starting at first, and down after its time', () => {
  expect(shellOf().shell.model().mark).toBe('offline');
  expect(shellOf({ startingForMs: -1 }).shell.model().mark).toBe('broken');
});

test.each([
  ['the system’s', {}, {}, 'ja'],
  ['IT’s before the system’s', { language: 'en' }, {}, 'en'],
  ['the person’s before IT’s', { language: 'ja' }, { language: 'en' }, 'en'],
  ['IT’s where it is locked', { language: 'ja', languageLocked: true }, { language: 'en' }, 'ja'],
  ['the system’s where IT locks that', { language: 'auto', languageLocked: true }, { language: 'en' }, 'ja'],
] as const)('the language is %s', (_whose, ui, preferences, language) => {
  expect(shellOf({ ui, preferences }).shell.i18n.language).toBe(language);
});

test('what IT decided holds while the agent is away: name, icon, and what may be ended', () => {
  const { shell, actions } = shellOf({ ui: { showTray: false, allowQuitTray: false, allowStopAgent: true } });
  expect([shell.name, shell.showsTray]).toEqual(['Contoso Helper', false]);
  expect(actions()).not.toContain('quit_icon');
  expect(actions()).toContain('stop_management');
  expect(shellOf().shell.name).toBe('Kanade Tray');
  expect(shellOf().actions()).not.toContain('stop_management');
});

test('a service is never stopped from here', () => {
  expect(shellOf({ hosts: false, ui: { allowStopAgent: true } }).actions()).not.toContain('stop_management');
});

test('an entry of the menu opens its screen; stopping the management is asked for in the window first', () => {
  const { shell, opened, done } = shellOf({ ui: { allowStopAgent: true } });
  shell.act({ kind: 'open', route: { screen: 'activity' } });
  shell.act({ kind: 'stop_management' });
  expect([opened, done]).toEqual([[{ screen: 'activity' }, { screen: 'about' }], []]);
});

test('the details of the PC can be copied without an agent, and the icon can be quitted', async () => {
  copied.length = 0;
  const { shell, done } = shellOf();
  shell.act({ kind: 'copy_details' });
  shell.act({ kind: 'quit_icon' });
  expect(done).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual(['icon quit']);
  expect(copied[0]).toContain('taro');
});

test('the chosen theme counts from the start', () => {
  shellOf({ preferences: { theme: 'dark' } });
  expect(nativeTheme.themeSource).toBe('dark');
});
