import { expect, test } from 'vitest';
import { SETTINGS_JA } from '../../shared/i18n/settings-ja.ts';
import { SETTING_KEYS, settingOf } from './settings.ts';
import { checkValue } from './values.ts';

const BASE = { platform: 'linux', start: '/', file: '/' } as const;

/** Every policy of the product, with those of parts that do not exist yet. */
const POLICIES = [
  'AllowQuitTray AllowStopAgent BrandItName BrandLogoPath BrandName DisableScripts DisableSelfUpdate HelpdeskCodeHash',
  'HideCommandNames HistoryDays HostMode Language MaintenanceWindow MaxOutputMiB MaxQueueMiB NatsUrls NotifyOnRun PauseUntil PcId',
  'PromoteTrayIcon RequireSignedCommands ShowOutputToUsers ShowTray SupportMail SupportPhone SupportText SupportUrl',
  'UpdateChannel UpdateDeferHoursMax WarmShells',
].flatMap((line) => line.split(' '));

test('each policy sets one setting', () => {
  const names = SETTING_KEYS.flatMap((key) => settingOf(key).policy?.name ?? []);
  expect(names.toSorted()).toEqual(POLICIES);
});

test('each built-in value is one that the table itself accepts', () => {
  const refused = SETTING_KEYS.filter((key) => {
    const setting = settingOf(key);
    const raw = setting.kind === 'duration' ? `${setting.default}ms` : setting.default;
    return raw !== null && !checkValue(setting, raw, BASE).ok;
  });
  expect(refused).toEqual([]);
});

test('a security value begins at its weakest, and its order holds all that it can be', () => {
  const wrong = SETTING_KEYS.filter((key) => {
    const setting = settingOf(key);
    if (setting.raise === undefined) return false;
    const choices: readonly unknown[] = setting.kind === 'choice' ? setting.choices : setting.raise;
    return (
      setting.raise[0] !== setting.default || !choices.every((choice) => setting.raise?.some((each) => each === choice))
    );
  });
  expect(wrong).toEqual([]);
});

test('a setting that only a policy sets names that policy, and each says what it is for', () => {
  const wrong = SETTING_KEYS.filter((key) => {
    const { policyOnly, policy, about } = settingOf(key);
    return (policyOnly === true && policy === undefined) || about === '';
  });
  expect(wrong).toEqual([]);
});

test('each has its line in Japanese too, and none is left over', () => {
  expect(Object.keys(SETTINGS_JA).toSorted()).toEqual(SETTING_KEYS.toSorted());
  const wrong = Object.entries(SETTINGS_JA).filter(
    ([, line]) => !/[ぁ-んァ-ヶ一-龠]/.test(line) || line.endsWith('。'),
  );
  expect(wrong).toEqual([]);
});
