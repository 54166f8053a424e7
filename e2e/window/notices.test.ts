/** What the agent knows of its own troubles: one sentence each, in both languages, and no more than a person should see. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import type { PageOptions } from '../../test/support/browser.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { CODE, endedRun } from '../../test/support/status.ts';
import { goTo, openWindow, unlock } from '../../test/support/window.ts';

const PATH = '/var/log/kanade/agent.2026-11-25.log';
const WHY = 'maximum messages exceeded';

/** An agent that is well, at the time of this test, with results that wait where `waiting` says so. */
async function pc(waiting = 0): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  served.cells.connection.set({ ...served.cells.connection.value, lastGoodAtMs: Date.now() });
  for (let at = 0; at < waiting; at++) await endedRun(served.store, `r${at}`);
  return served;
}

const title = (page: Page) => page.getByRole('heading', { level: 1 });
const region = (page: Page, name: string) => page.getByRole('region', { name });

interface Trouble {
  readonly comes: (served: Served) => void;
  readonly goes: (served: Served) => void;
  readonly said: RegExp;
  readonly saidInJapanese: RegExp;
  readonly waiting?: number;
}

const TROUBLES: readonly (readonly [string, Trouble])[] = [
  [
    'a permission that is missing',
    {
      comes: ({ cells }) => cells.forbidden.set(['kill.*']),
      goes: ({ cells }) => cells.forbidden.set([]),
      said: /^A permission is missing.*IT has to put this right\.$/,
      saidInJapanese: /^権限が不足しています.*情報システム部門による設定の変更が必要です。$/,
    },
  ],
  [
    'a broker without room',
    {
      comes: ({ cells }) => cells.undelivered.set({ cause: 'full', why: WHY }),
      goes: ({ cells }) => cells.undelivered.set(null),
      said: /^Results can't be sent2 results are kept on this PC until they can be sent\. The storage of your IT service is full;/,
      saidInJapanese:
        /^結果を送信できません.*2件の結果をこの端末に保管します。管理サーバーの空き容量が不足しています。/,
      waiting: 2,
    },
  ],
  [
    'a broker that does not accept results',
    {
      comes: ({ cells }) => cells.undelivered.set({ cause: 'permission', why: WHY }),
      goes: ({ cells }) => cells.undelivered.set(null),
      said: /^Results can't be sent.*does not accept results from this PC;/,
      saidInJapanese: /^結果を送信できません.*送信を許可していません。/,
      waiting: 1,
    },
  ],
  [
    'a broker that does not confirm results',
    {
      comes: ({ cells }) => cells.undelivered.set({ cause: 'no_answer', why: WHY }),
      goes: ({ cells }) => cells.undelivered.set(null),
      said: /^Results can't be sent.*does not confirm that results arrive\./,
      saidInJapanese: /^結果を送信できません.*受信確認がありません。/,
      waiting: 1,
    },
  ],
  [
    'a log that can not be written',
    {
      comes: ({ cells }) => cells.logFailure.set({ path: PATH, why: 'EACCES' }),
      goes: ({ cells }) => cells.logFailure.set(null),
      said: /^The program's log can't be written.*Contact IT\.$/,
      saidInJapanese: /^プログラムのログを記録できません.*情報システム部門へ連絡してください。$/,
    },
  ],
  [
    'a disk without room',
    {
      comes: ({ cells }) => {
        cells.store.set({ state: 'full', readable: true });
        cells.disk.set({ ok: false, freeBytes: 2_777_216, neededBytes: 14_000_001 });
      },
      goes: ({ cells }) => {
        cells.store.set({ state: 'ok', readable: true });
        cells.disk.set({ ok: true, freeBytes: 20_000_000, neededBytes: 0 });
      },
      said: /^Paused: disk almost full.*until 15 MB more are free\./,
      saidInJapanese: /^一時停止（空き容量不足）.*あと15MB空くまで/,
    },
  ],
];

test.each(TROUBLES)('%s is one item to look at, and none once it is over', async (_name, trouble) => {
  const served = await pc(trouble.waiting);
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Everything is working');
  trouble.comes(served);
  await expectPage(title(page)).toHaveText('1 item to look at');
  await expectPage(region(page, 'Please look at this').getByRole('button').locator('..')).toHaveText(trouble.said);
  expect(await page.getByRole('main').textContent()).not.toMatch(/kill|maximum|\/var|EACCES/);
  const inJapanese = await open({ locale: 'ja-JP' });
  await expectPage(title(inJapanese)).toHaveText('確認事項が1件あります');
  const item = region(inJapanese, 'ご確認ください').getByRole('button').locator('..');
  await expectPage(item).toHaveText(trouble.saidInJapanese);
  trouble.goes(served);
  await expectPage(title(page)).toHaveText('Everything is working');
  await expectPage(region(page, 'Please look at this')).toHaveCount(0);
});

test.each<[string, PageOptions, readonly string[]]>([
  ['English', {}, ['Everything is working', 'Good to know', "This PC's clock was set back by 2 hr"]],
  ['Japanese', { locale: 'ja-JP' }, ['すべて正常です', 'お知らせ', 'この端末の時計が2時間戻されました']],
])('a clock that was set calls nobody: it is only good to know, in %s', async (_name, look, texts) => {
  const served = await pc();
  const { page } = await openWindow(served.dataDirectory, look);
  served.cells.clockStep.set({ byMs: -2 * 3_600_000, atMs: Date.now() });
  const [working = '', known = '', said = ''] = texts;
  await expectPage(region(page, known)).toContainText(said);
  await expectPage(title(page)).toHaveText(working);
  served.cells.clockStep.set(null);
  await expectPage(region(page, known)).toHaveCount(0);
});

test('results that wait are on their way, kept, or waiting for the connection: never two of it', async () => {
  const served = await pc(2);
  const { page } = await openWindow(served.dataDirectory);
  const send = region(page, 'Waiting to send');
  await expectPage(send).toContainText('2 resultsBeing sent.');
  served.cells.undelivered.set({ cause: 'full', why: WHY });
  await expectPage(send).toContainText('2 resultsKept on this PC until sending works again.');
  served.cells.connection.set({ ...served.cells.connection.value, state: 'unreachable', sinceMs: Date.now() });
  await expectPage(send).toContainText('2 resultsWill be sent when the connection is back.');
  await expectPage(title(page)).toHaveText('Cannot reach the IT service');
  await expectPage(region(page, 'Please look at this')).toHaveCount(0);
});

test('subjects, reasons and paths are shown in the helpdesk’s view, at most twenty subjects, and go with it', async () => {
  const served = await pc(1);
  served.code = CODE;
  served.cells.forbidden.set(Array.from({ length: 23 }, (_each, at) => `commands.group.g${100 + at}`));
  served.cells.undelivered.set({ cause: 'full', why: WHY });
  served.cells.logFailure.set({ path: PATH, why: 'EACCES: permission denied' });
  const { page } = await openWindow(served.dataDirectory);
  await unlock(page);
  const card = region(page, 'What is wrong');
  await expectPage(card).toContainText('commands.group.g100');
  await expectPage(card).toContainText('commands.group.g119and 3 more');
  await expectPage(card).not.toContainText('commands.group.g120');
  await expectPage(card).toContainText(WHY);
  await expectPage(card).toContainText(`${PATH}EACCES: permission denied`);
  await page.getByRole('button', { name: 'End now' }).click();
  await expectPage(card).toHaveCount(0);
});

test('while what is stored can not be read, nobody says that there was nothing', async () => {
  const served = await pc();
  served.cells.store.set({ state: 'read_only', readable: false });
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(region(page, 'Please look at this')).toContainText("New tasks can't be recorded");
  await expectPage(region(page, 'Today')).toContainText('Not known at present.');
  await expectPage(region(page, 'Waiting to send')).toContainText('Not known at present.');
  await goTo(page, 'Activity');
  await expectPage(page.getByText("Tasks can't be shown at present.")).toBeVisible();
  expect(await page.getByRole('main').textContent()).not.toMatch(/No task/);
  const inJapanese = await open({ locale: 'ja-JP' });
  await expectPage(region(inJapanese, '今日')).toContainText('現在は確認できません。');
  await goTo(inJapanese, '実行履歴');
  await expectPage(inJapanese.getByText('現在、作業を表示できません。')).toBeVisible();
});

test('a list that began anew after a damage says so, and calls nobody', async () => {
  const served = await pc();
  served.cells.store.set({ state: 'quarantined', readable: true });
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Everything is working');
  await region(page, 'Good to know').getByRole('button', { name: 'The list of tasks began anew' }).click();
  await expectPage(page.getByText(/^The list began anew, since what was recorded before was damaged\./)).toBeVisible();
});
