import { expect, test } from 'vitest';
import { ABOUT } from '../../test/support/status.ts';
import type { AboutFacts } from './about-view.ts';
import { answersOf } from './describe-about.ts';
import { I18n } from './i18n/i18n.ts';
import { DEFAULT_UI } from './ui-settings.ts';

const FACTS: AboutFacts = { ...ABOUT, data: { ...ABOUT.data, directory: '/data', logDirectory: '/logs' } };

function said(facts: Partial<AboutFacts> = {}, ui: Partial<typeof DEFAULT_UI> = {}, hosted = false, language = 'en') {
  const i18n = new I18n(language === 'ja' ? 'ja' : 'en');
  const answers = answersOf({ ...FACTS, ...facts }, { ...DEFAULT_UI, ...ui }, hosted, i18n);
  return Object.fromEntries(answers.map(({ question, answers: all }) => [question, all.join(' ')]));
}

const SLOW = 'Does it slow my PC?';
const SEE = 'Can IT see my screen, or my files?';
const OFF = 'Can I turn it off?';
const WHO = 'Who sees this?';
const KEPT = 'What is kept on this PC, and for how long?';
const DATA = FACTS.data;

test.each([
  ['run.priority', SLOW, { priority: 'idle' }, 'only use what your own programs leave'],
  ['run.priority', SLOW, { priority: 'normal' }, 'run like any other program'],
  ['run.max_parallel', SLOW, { maxParallel: 7 }, 'At most 7 at once, unless IT lets one run beside them.'],
  ['commands.enabled', SLOW, { scripts: false }, 'No: no tasks run on this PC.'],
  ['commands.enabled', SEE, { scripts: false }, 'It reads no files of yours'],
  ['run.system_as_user', SEE, { runAsSystem: 'as_you' }, 'runs with your account: it can read what you can'],
  ['inventory.enabled', WHO, { inventory: false }, 'Hardware facts of this PC are not reported.'],
  ['ui.hide_command_names', WHO, { namesHidden: true }, 'only the helpdesk their names'],
  ['ui.show_output_to_users', WHO, { outputShown: 1 }, 'Output of tasks that were sent to run as you is shown to you.'],
  ['ui.show_output_to_users', WHO, { outputShown: 2 }, 'Output of all tasks is shown to you.'],
  ['history.days', KEPT, { data: { ...DATA, historyDays: 30 } }, '30 days'],
  ['history.max_mib', KEPT, { data: { ...DATA, historyMaxMib: 100 } }, 'at most 105 MB'],
  ['log.keep_days', KEPT, { data: { ...DATA, logDays: 3 } }, "The program's log: 3 days."],
  ['log.keep_days', KEPT, { data: { ...DATA, logDirectory: null } }, 'No log is written to a file.'],
] as const)('%s changes the answer to %j', (_key, question, changed, answer) => {
  expect(said()[question]).not.toContain(answer);
  expect(said(changed)[question]).toContain(answer);
});

test('who may read the log is said where there is one to be read', () => {
  expect(said()[WHO]).toContain("IT can also read this program's log.");
  expect(said({ readLog: false })[WHO]).not.toContain('log');
});

test('that management can be stopped is said only where the policy allows it and this program runs it', () => {
  const stop = 'You can also stop management';
  expect(said({}, { allowStopAgent: true }, true)[OFF]).toContain(stop);
  for (const [ui, hosted] of [
    [{ allowStopAgent: true }, false],
    [{}, true],
  ] as const) {
    expect(said({}, ui as Partial<typeof DEFAULT_UI>, hosted)[OFF]).not.toContain(stop);
  }
  expect(said()[OFF]).toContain('You can quit the icon.');
  expect(said({}, { allowQuitTray: false } as Partial<typeof DEFAULT_UI>)[OFF]).toContain('The icon stays');
});

test('what runs with the account of the person is theirs: they can end it, and nobody else sees it', () => {
  for (const runAsSystem of ['as_you', 'no'] as const) {
    const yours = said({ runAsSystem, runAsUser: true });
    expect(yours[OFF]).toContain('it stops when you sign out, or when its processes are ended');
    expect(yours[OFF]).not.toContain('only be stopped');
    expect(yours[WHO]).toContain('Here only you see tasks');
    expect(yours[WHO]).not.toContain('Everybody who signs in');
    expect(said({ runAsSystem, namesHidden: true })[WHO]).toContain('only the helpdesk their names');
  }
  expect(said()[OFF]).toContain('can only be stopped by IT and by administrators of this PC');
  expect(said()[WHO]).toContain('Everybody who signs in on this PC');
  const japanese = said({ runAsSystem: 'as_you' }, {}, false, 'ja');
  expect(japanese['止めることはできますか？']).toContain('サインアウトするか、そのプロセスを終了すると停止します。');
  expect(japanese['誰に見えますか？']).toContain('見られるのは、あなただけです。');
});

test('no question is without an answer, in both languages, whatever is set', () => {
  for (const language of ['en', 'ja']) {
    for (const scripts of [true, false]) {
      const all = said({ scripts }, {}, false, language);
      expect(Object.keys(all)).toHaveLength(5);
      for (const answer of Object.values(all)) expect(answer).not.toBe('');
    }
  }
});

test('where signatures are required and there is no key, schedules of the fleet run all the same', () => {
  const withoutKey = said({ signatures: 'require', commandKeys: [] });
  expect(withoutKey).toEqual(said({}));
  expect(JSON.stringify(withoutKey)).not.toContain('no tasks run on this PC');
});
