import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { DEFAULT_PREFERENCES } from '../shared/app-shell-contract.ts';
import { NOTHING_REMEMBERED } from '../shared/remembered.ts';
import { PreferencesFile } from './preferences.ts';

function open(file = join(tempDir(), 'sub', 'preferences.json')) {
  const errors: string[] = [];
  const preferences = new PreferencesFile(file, { info: () => {}, error: (text) => errors.push(text) });
  return { file, errors, preferences };
}

test('without a file the defaults count', () => {
  const { preferences, errors } = open();
  expect(preferences.value).toEqual({
    preferences: DEFAULT_PREFERENCES,
    window: null,
    seenRun: null,
    ui: null,
    remembered: NOTHING_REMEMBERED,
  });
  expect(errors).toEqual([]);
});

test('what is chosen is there after a restart, and only for its owner', () => {
  const { file, preferences } = open();
  preferences.set({ preferences: { language: 'ja', theme: 'dark', notifications: false }, seenRun: 7 });
  preferences.set({ window: { width: 1_000, height: 700 } });
  expect(open(file).preferences.value).toEqual(preferences.value);
  expect(preferences.value).toMatchObject({ preferences: { language: 'ja' }, seenRun: 7, window: { width: 1_000 } });
});

test.each([
  ['no JSON', '{"preferences": '],
  ['no object', '[]'],
])('a file with %s counts as none, with a line in the log', (_what, text) => {
  const file = join(tempDir(), 'preferences.json');
  writeFileSync(file, text);
  const { preferences, errors } = open(file);
  expect(preferences.value.preferences).toEqual(DEFAULT_PREFERENCES);
  expect(errors).toHaveLength(1);
});

test('a value that can’t be is replaced alone', () => {
  const file = join(tempDir(), 'preferences.json');
  writeFileSync(
    file,
    JSON.stringify({ preferences: { language: 'xx' }, window: { width: 3, height: 1e9 }, seenRun: 5, ui: {} }),
  );
  expect(open(file).preferences.value).toEqual({
    preferences: DEFAULT_PREFERENCES,
    window: null,
    seenRun: 5,
    ui: null,
    remembered: NOTHING_REMEMBERED,
  });
});

test('where nothing can be written, the choice holds until the end, with a line in the log', () => {
  const directory = tempDir();
  const file = join(directory, 'preferences.json');
  mkdirSync(`${file}.new`);
  const { preferences, errors } = open(file);
  preferences.set({ seenRun: 3 });
  expect(preferences.value.seenRun).toBe(3);
  expect(errors).toEqual(['the preferences can not be kept']);
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
