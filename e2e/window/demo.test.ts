/** The demo: a stranger can say from the window alone what happened to each task, in both languages. */
import type { Page } from '@playwright/test';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { playDemo } from '../../scripts/lib/demo.ts';
import { countStored } from '../../scripts/lib/fleet.ts';
import { startLocalFleet } from '../../scripts/lib/local-fleet.ts';
import { findNatsServer } from '../../scripts/lib/nats-server.ts';
import { eventually } from '../../test/support/eventually.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const EXPECTED: readonly (readonly [task: string, english: RegExp, japanese: RegExp, added?: readonly string[]])[] = [
  ['Good morning message', /^done in (less than 1|\d+) sec$/, /^(\d+秒|1秒未満)で完了$/],
  ['Office repair', /^finished with an error \(code 3\)$/, /^エラーで終了（コード 3）$/],
  ['Printer fix', /^skipped – another version is current$/, /^スキップ – 別のバージョンが現行$/],
  ['Browser clean-up', /^cancelled by IT before it started$/, /^開始前に情報システム部門が取り消し$/],
  ['Update check of last night', /^not run – too late$/, /^未実行 – 期限切れ$/],
  ['Teams reset', /^stopped by IT after (less than 1|\d+) sec$/, /^情報システム部門が(\d+秒|1秒未満)で中止$/],
  ['Disk clean-up', /^stopped by IT before it started$/, /^開始前に情報システム部門が中止$/],
  ['Software inventory', /^took too long, stopped after 1 sec$/, /^時間超過、1秒で停止$/],
  ['List of all files', /^done in (less than 1|\d+) sec$/, /^(\d+秒|1秒未満)で完了$/],
  ['VPN profile', /^done in (less than 1|\d+) sec$/, /^(\d+秒|1秒未満)で完了$/],
  ['Driver check', /^could not start$/, /^開始できず$/],
  ['remote support', /^not possible on this PC$/, /^この端末では実行不可$/],
  ['half a task', /^could not be read, not run$/, /^読み取れず、未実行$/],
  [
    'Backup check',
    /^done in (less than 1|\d+) sec$/,
    /^(\d+秒|1秒未満)で完了$/,
    [' (scheduled on this PC)', '（定期実行）'],
  ],
  ['Firewall rule', /^done in (less than 1|\d+) sec$/, /^(\d+秒|1秒未満)で完了$/],
  ['tool from elsewhere', /^refused – sender not confirmed$/, /^拒否 – 送信元を確認できず$/],
  ['Certificate renewal', /^done in (less than 1|\d+) sec$/, /^(\d+秒|1秒未満)で完了$/],
  ['Account lock check', /^not run – connection too old$/, /^未実行 – 接続切れ$/],
  ['VPN update', /^result unknown – restarted while it ran$/, /^結果不明 – 実行中に再起動$/],
];

/** Rows that are far from what is seen are not in the page. */
const ALL_ROWS_PX = 1_400;

/** Name → outcome, newest first, as the rows show them. */
async function rows(page: Page): Promise<Record<string, string>> {
  const texts = await page
    .locator('[data-run]')
    .evaluateAll((all) => all.map((row) => row.getAttribute('title') ?? ''));
  return Object.fromEntries(
    texts.reverse().map((text) => [text.slice(0, text.indexOf(' – ')), text.slice(text.indexOf(' – ') + 3)]),
  );
}

describe('the demo', () => {
  test('is all in the list, in English and in Japanese', { timeout: 120_000 }, async () => {
    const natsServer = await findNatsServer();
    if (natsServer === undefined) throw new Error('there is no nats-server yet: "npm test" sets it up');
    const { signal } = new AbortController();
    const fleet = await startLocalFleet({ node: findNode24(), natsServer }, 'PC-0142', signal);
    onTestFinished(() => fleet.stop());
    const { page, open } = await openWindow(`${fleet.directory}/data`, { height: ALL_ROWS_PX });
    await goTo(page, 'Activity');
    await expectPage(page.getByText('No tasks from IT are recorded on this PC.')).toBeVisible();
    expect(await playDemo(fleet, signal)).toBe(true);
    // That signatures were found good and lacking (scene "signed only") has arrived as well, and nothing is left behind.
    await eventually(async () => expect(await countStored(fleet.nc, 'OBS_EVENTS', 'obs.>')).toBeGreaterThan(0));

    const japanese = await open({ locale: 'ja-JP', height: ALL_ROWS_PX });
    await goTo(japanese, '実行履歴');
    for (const [place, name] of [
      [page, 'english'],
      [japanese, 'japanese'],
    ] as const) {
      await expectPage(place.locator('[data-run]').first()).toHaveAttribute('title', /VPN update/);
      const wanted = EXPECTED.map(([task, english, inJapanese, added = ['', '']]) => [
        `${task}${added[name === 'english' ? 0 : 1]}`,
        expect.stringMatching(name === 'english' ? english : inJapanese),
      ]);
      await eventually(async () => expect(await rows(place), name).toEqual(Object.fromEntries(wanted)));
    }

    await japanese.locator('[data-run]', { hasText: 'Printer fix' }).click();
    const main = japanese.getByRole('main');
    await expectPage(main).toContainText(
      '情報システム部門が現行としているのは別のバージョンのため、実行しませんでした。',
    );
    await expectPage(main).toContainText('この端末に変更はありません。操作は不要です。');
    await goTo(japanese, '状態');
    await expectPage(japanese.getByRole('heading', { level: 1 })).toHaveText('すべて正常です');
  });
});
