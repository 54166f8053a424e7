import { describe, expect, test } from 'vitest';
import { MINUTE, NOW, outbox, snapshot, status } from '../../test/support/agent-status.ts';
import type { AgentStatus } from './agent-status.ts';
import { type Description, describeState } from './describe.ts';
import { I18n } from './i18n/i18n.ts';
import { CONNECTION_STATES } from './states.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];
const calm = status();

/** All is well but for this. */
function noticed(notices: Partial<AgentStatus['notices']>, more: Partial<AgentStatus> = {}): Partial<AgentStatus> {
  return { ...more, notices: { ...calm.notices, ...notices } };
}

function said(changed: Partial<AgentStatus>, i18n = english): Description {
  return describeState(snapshot(changed), i18n, NOW);
}

const PERMISSION = { forbidden: { minor: false, count: 1, subjects: null } };
const LOG = { log: { path: null, why: null } };
const unsent = (cause: 'full' | 'permission' | 'no_answer', waiting = 3) =>
  noticed({ undelivered: { cause, why: null } }, { outbox: outbox(waiting, 0) });
const disk = (neededBytes: number | null): Partial<AgentStatus> => ({
  disk: { ok: false, freeBytes: 1_000, neededBytes },
  store: { state: 'full', readable: true },
});

describe('to look at: one item, with what it changes and who puts it right', () => {
  test.each<[string, Partial<AgentStatus>, string, string, string]>([
    [
      'a permission',
      noticed(PERMISSION),
      'permission',
      'A permission is missing: Your IT service does not allow this PC everything it needs, so some tasks may not work. IT has to put this right.',
      '権限が不足しています: 管理サーバーで許可されていない操作があるため、一部の作業が正しく行われない可能性があります。情報システム部門による設定の変更が必要です。',
    ],
    [
      'no room at the broker',
      unsent('full'),
      'unsent',
      "Results can't be sent: 3 results are kept on this PC until they can be sent. The storage of your IT service is full; IT has to make room.",
      '結果を送信できません: 送信できるまで3件の結果をこの端末に保管します。管理サーバーの空き容量が不足しています。情報システム部門による対応が必要です。',
    ],
    [
      'results that are not permitted',
      unsent('permission', 1),
      'unsent',
      "Results can't be sent: 1 result is kept on this PC until it can be sent. Your IT service does not accept results from this PC; IT has to put this right.",
      '結果を送信できません: 送信できるまで1件の結果をこの端末に保管します。管理サーバーがこの端末からの送信を許可していません。情報システム部門による設定の変更が必要です。',
    ],
    [
      'results that nobody confirms',
      unsent('no_answer'),
      'unsent',
      "Results can't be sent: 3 results are kept on this PC until they can be sent. Your IT service does not confirm that results arrive. If this lasts, contact IT.",
      '結果を送信できません: 送信できるまで3件の結果をこの端末に保管します。管理サーバーから受信確認がありません。続く場合は情報システム部門へ連絡してください。',
    ],
    [
      'the log',
      noticed(LOG),
      'log',
      "The program's log can't be written: No task depends on it. Contact IT.",
      'プログラムのログを記録できません: 作業の実行には影響しません。情報システム部門へ連絡してください。',
    ],
    [
      'as much as may wait',
      { store: { state: 'queue_full', readable: true } },
      'queue',
      'Paused: too much is waiting: New tasks wait until results from this PC have been sent. If this lasts, contact IT.',
      '一時停止（未送信の結果が上限に到達）: この端末の結果が送信されるまで、新しい作業を待機します。続く場合は情報システム部門へ連絡してください。',
    ],
    [
      'as much as may wait, since nobody confirms it',
      { ...unsent('no_answer'), store: { state: 'queue_full', readable: true } },
      'queue',
      'Paused: too much is waiting: New tasks wait until results from this PC have been sent. Your IT service does not confirm that results arrive. If this lasts, contact IT.',
      '一時停止（未送信の結果が上限に到達）: この端末の結果が送信されるまで、新しい作業を待機します。管理サーバーから受信確認がありません。続く場合は情報システム部門へ連絡してください。',
    ],
    [
      'a disk that lacks 14.0 MB and a byte',
      disk(14_000_001),
      'disk',
      'Paused: disk almost full: New tasks wait until 15 MB more are free. Please make room.',
      '一時停止（空き容量不足）: あと15MB空くまで新しい作業を待機します。不要なファイルを削除してください。',
    ],
    [
      'a disk of which the room is not known',
      disk(null),
      'disk',
      'Paused: disk almost full: New tasks wait until there is more room. Please delete what is not needed.',
      '一時停止（空き容量不足）: 空きができるまで新しい作業を待機します。不要なファイルを削除してください。',
    ],
  ])('%s', (_name, changed, id, inEnglish, inJapanese) => {
    const { items, mark, title, tooltip, notes } = said(changed);
    expect(items.map((item) => [item.id, `${item.title}: ${item.body}`])).toEqual([[id, inEnglish]]);
    expect(said(changed, japanese).items.map((item) => `${item.title}: ${item.body}`)).toEqual([inJapanese]);
    expect([mark, title, tooltip, notes]).toEqual(['attention', '1 item to look at', '1 item to look at', []]);
    expect(items[0]?.route).toEqual({ screen: 'support' });
  });
});

describe('to know: it calls nobody', () => {
  test.each<[string, Partial<AgentStatus>, string, string, string]>([
    [
      'a clock that was set forward',
      noticed({ clock: { byMs: 2 * 3_600_000, atMs: NOW - 20 * MINUTE } }),
      'clock',
      "This PC's clock was set forward by 2 hr: Noticed at 13:40. Times of tasks around then may look wrong.",
      'この端末の時計が2時間進められました: 13:40に検出しました。その前後の作業の時刻は正しく表示されない可能性があります。',
    ],
    [
      'a clock that was set back',
      noticed({ clock: { byMs: -90_000, atMs: NOW - 20 * MINUTE } }),
      'clock',
      "This PC's clock was set back by 1 min 30 sec: Noticed at 13:40. Times of tasks around then may look wrong.",
      'この端末の時計が1分30秒戻されました: 13:40に検出しました。その前後の作業の時刻は正しく表示されない可能性があります。',
    ],
    [
      'a record that was damaged',
      { store: { state: 'quarantined', readable: true } },
      'rebuilt',
      'The list of tasks began anew: What was recorded before was damaged and is kept aside.',
      '実行履歴を新しく作り直しました: 以前の記録は破損していたため、別に保管しています。',
    ],
  ])('%s', (_name, changed, id, inEnglish, inJapanese) => {
    const { notes, ...rest } = said(changed);
    expect(notes.map((note) => [note.id, `${note.title}: ${note.body}`])).toEqual([[id, inEnglish]]);
    expect(said(changed, japanese).notes.map((note) => `${note.title}: ${note.body}`)).toEqual([inJapanese]);
    expect({ ...rest, notes: [] }).toEqual(said({}));
  });
});

describe('nothing is said', () => {
  test.each(CONNECTION_STATES)('while all is well and the connection is %s, whatever waits', (state) => {
    const connection = { ...calm.connection, state };
    const { items, notes } = said({ connection, outbox: outbox(7, 0) });
    expect([items, notes]).toEqual([[], []]);
  });

  test.each(CONNECTION_STATES.filter((state) => state !== 'connected'))(
    'of what the broker did before while the connection is %s',
    (state) => {
      const connection = { ...calm.connection, state };
      const late = { ...PERMISSION, undelivered: { cause: 'full', why: null } } as const;
      const offline = { connection, outbox: outbox(7, 0) };
      expect(said(noticed(late, offline))).toEqual(said(offline));
    },
  );

  test('of results that could not be sent once none waits any more', () => {
    expect(said(unsent('full', 0)).items).toEqual([]);
  });

  test('of a permission that no task needs', () => {
    expect(said(noticed({ forbidden: { minor: true, count: 1, subjects: null } })).items).toEqual([]);
  });

  test('twice: a permission that keeps results back, and a log that lies on the full disk', () => {
    const ids = (changed: Partial<AgentStatus>) => said(changed).items.map(({ id }) => id);
    const both = { ...PERMISSION, undelivered: { cause: 'permission', why: null } } as const;
    expect(ids(noticed(both, { outbox: outbox(1, 0) }))).toEqual(['unsent']);
    expect(ids(noticed(LOG, disk(5_000_000)))).toEqual(['disk']);
  });
});
