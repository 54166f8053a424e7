import { describe, expect, test } from 'vitest';
import { fieldOf } from './setting.ts';
import { DEFAULT_UI, UI_SETTINGS } from './ui-settings.ts';
import { uiSettingsSchema } from './ui-view.ts';

test.each([
  ['keep_days', 'integer', 'keepDays', 1],
  ['id', 'pc_id', 'id', 1],
  ['grace', 'duration', 'graceMs', 1],
  ['max_mib', 'integer', 'maxBytes', 1_048_576],
  ['unchecked_honours_revoke', 'boolean', 'uncheckedHonoursRevoke', 1],
] as const)('%s, a %s, is %s in code', (name, kind, field, factor) => {
  expect(fieldOf(name, { kind })).toEqual({ field, factor });
});

describe('what a window is told of [ui]', () => {
  test('is each row that is not the agent’s alone, and what is built in is a value of it', () => {
    const { brandName, itName, logo, languageLocked, ...flags } = DEFAULT_UI;
    expect(Object.keys(flags)).toHaveLength(Object.keys(UI_SETTINGS).length - 2);
    expect([flags.showTray, flags.allowStopAgent, flags.notifyOnRun, flags.language]).toEqual([true, false, 0, 'auto']);
    expect([brandName, itName, logo, languageLocked]).toEqual(['Kanade Tray', null, null, false]);
    expect(uiSettingsSchema.parse(DEFAULT_UI)).toEqual(DEFAULT_UI);
  });

  test.each([{ showTray: 1 }, { notifyOnRun: 0.5 }, { language: 'fr' }, { allowStopAgent: undefined }])(
    'is checked: %j',
    (wrong) => {
      expect(uiSettingsSchema.safeParse({ ...DEFAULT_UI, ...wrong }).success).toBe(false);
    },
  );
});
