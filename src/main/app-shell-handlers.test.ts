import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { copied, nativeTheme, opened, shell } from '../../test/support/electron-stub.ts';
import { tempDir } from '../../test/support/temp.ts';
import type { AgentClient } from '../shared/client.ts';
import { Fault } from '../shared/faults.ts';
import { appShellHandlers } from './app-shell-handlers.ts';
import { PreferencesFile } from './preferences.ts';

beforeEach(() => {
  copied.length = 0;
  opened.length = 0;
  shell.refuses = false;
  nativeTheme.themeSource = 'system';
});

function handled({ mayQuit = true, mayStop = true, agent = true } = {}) {
  const done: string[] = [];
  const preferences = new PreferencesFile(join(tempDir(), 'preferences.json'), { info: () => {}, error: () => {} });
  const client = {
    call: async () => ({ url: 'https://it.example/', mail: null, phone: null }),
  } as unknown as AgentClient;
  const handlers = appShellHandlers({
    agentConnection: { agent: agent ? client : null },
    preferences,
    mayQuit: () => mayQuit,
    mayStop: () => mayStop,
    onChange: () => void done.push('changed'),
    onSeen: () => void done.push('seen'),
    onQuitIcon: () => void done.push('icon quit'),
    onStopManagement: () => void done.push('management stopped'),
  });
  return { handlers, preferences, done };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('a preference is kept, the others stay, and the theme counts at once', () => {
  const { handlers, preferences, done } = handled();
  void handlers['shell.setPreferences']?.({ language: 'ja' });
  void handlers['shell.setPreferences']?.({ theme: 'dark', language: undefined });
  expect(preferences.value.preferences).toEqual({ language: 'ja', theme: 'dark', notifications: true });
  expect(nativeTheme.themeSource).toBe('dark');
  expect(done).toEqual(['changed', 'changed']);
});

test('a text is copied', async () => {
  await handled().handlers['shell.copy']?.({ text: 'PC: PC-1' });
  expect(copied).toEqual(['PC: PC-1']);
});

test('a line of IT is opened by its name, and nothing where IT has set none', async () => {
  const { handlers } = handled();
  expect(await handlers['shell.openLink']?.({ id: 'page' })).toEqual({});
  expect(await handlers['shell.openLink']?.({ id: 'mail' })).toMatchObject({ name: 'not_found' });
  expect(opened).toEqual(['https://it.example/']);
});

test('a line that nothing on this PC opens is said to the window, and is no bug', async () => {
  const { handlers } = handled();
  shell.refuses = true;
  expect(await handlers['shell.openLink']?.({ id: 'page' })).toMatchObject({ name: 'unavailable' });
});

test('without the agent a line is opened as it is remembered, and nothing where none ever was known', async () => {
  const { handlers, preferences } = handled({ agent: false });
  expect(await handlers['shell.openLink']?.({ id: 'phone' })).toMatchObject({ name: 'not_found' });
  const support = { phone: '03-1234', mail: null, url: null, text: null, hardware: null };
  preferences.set({ remembered: { support, pc: null } });
  expect(await handlers['shell.openLink']?.({ id: 'phone' })).toEqual({});
  expect(opened).toEqual(['tel:031234']);
});

test('a mail begins with what the window wrote for it, to the address of IT and no other', async () => {
  const { handlers, preferences } = handled({ agent: false });
  const support = { phone: null, mail: 'help@it.example', url: null, text: null, hardware: null };
  preferences.set({ remembered: { support, pc: null } });
  const draft = { subject: 'Task & more', body: 'one\n二?cc=x@y.z' };
  expect(await handlers['shell.openLink']?.({ id: 'mail', draft })).toEqual({});
  expect(opened).toEqual([
    `mailto:help@it.example?subject=Task%20%26%20more&body=one%0D%0A${encodeURIComponent('二?cc=x@y.z')}`,
  ]);
  await handlers['shell.openLink']?.({ id: 'mail', draft: { subject: 's', body: '長い行\n'.repeat(300) } });
  expect(opened[1]?.length).toBeLessThanOrEqual(2_000);
});

test('icon and management end after the answer, where IT allows it', async () => {
  const { handlers, done } = handled();
  expect([handlers['shell.quitIcon']?.({}), handlers['shell.stopManagement']?.({}), done]).toEqual([{}, {}, []]);
  await nextTurn();
  expect(done).toEqual(['icon quit', 'management stopped']);
});

test('neither ends where IT does not allow it, whatever the window asks', async () => {
  const { handlers, done } = handled({ mayQuit: false, mayStop: false });
  for (const method of ['shell.quitIcon', 'shell.stopManagement'] as const) {
    expect(handlers[method]?.({})).toBeInstanceOf(Fault);
  }
  await nextTurn();
  expect(done).toEqual([]);
});
