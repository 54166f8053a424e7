/**
 * What each value of a setting means that is one of a few: of a choice, of a level, of how much is logged. The values stand in the
 * table of settings; a test of it holds the two against each other (`agent/config/effective.test.ts`).
 */
import type { Language } from '../ui-view.ts';

type Words = Readonly<Record<Language, string>>;

export const SETTING_CHOICES: Readonly<Record<string, Readonly<Record<string, Words>>>> = {
  'agent.host': {
    tray: { en: 'the tray application', ja: 'トレイ アプリ' },
    service: { en: 'the operating system', ja: 'OS' },
  },
  'log.level': {
    error: { en: 'errors only', ja: 'エラーのみ' },
    warn: { en: 'errors and warnings', ja: 'エラーと警告' },
    info: { en: 'what happens, too', ja: '通常の動作も記録' },
    debug: { en: 'details, too', ja: '詳細も記録' },
  },
  'log.format': {
    text: { en: 'words to read', ja: '読みやすい文字列' },
    json: { en: 'JSON for programs', ja: 'プログラム用のJSON' },
  },
  'run.priority': {
    idle: { en: 'only what other programs leave', ja: '空いている処理能力のみ' },
    below_normal: { en: 'after other programs', ja: 'ほかのプログラムを優先' },
    normal: { en: 'like other programs', ja: 'ほかのプログラムと同じ' },
  },
  'replay.first_enrolment': {
    'catch-up': { en: 'it gets them', ja: '受け取る' },
    skip: { en: 'it does not', ja: '受け取らない' },
  },
  'commands.signatures': {
    off: { en: 'not checked', ja: '確認しない' },
    report: { en: 'checked and counted', ja: '確認して数える' },
    require: { en: 'required', ja: '必須' },
  },
  'ui.notify_on_run': {
    0: { en: 'never', ja: '通知しない' },
    1: { en: "of the person's own tasks", ja: '利用者自身の作業のみ' },
    2: { en: 'of all tasks', ja: 'すべての作業' },
  },
  'ui.show_output_to_users': {
    0: { en: 'none', ja: '表示しない' },
    1: { en: 'of tasks that ran as the person', ja: '利用者として実行された作業のみ' },
    2: { en: 'of all tasks', ja: 'すべての作業' },
  },
  'ui.language': {
    auto: { en: 'as the system', ja: 'OSに合わせる' },
    en: { en: 'English', ja: '英語' },
    ja: { en: 'Japanese', ja: '日本語' },
  },
};
