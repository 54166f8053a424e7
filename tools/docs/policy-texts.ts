/** What the group policy editor says about each policy, in both languages of the product. */

export interface PolicyText {
  readonly name: string;
  readonly explain: string;
}

/** By the name of the policy; the test of the templates holds it to the table of settings. */
export const POLICY_TEXTS: Readonly<Record<string, { readonly en: PolicyText; readonly ja: PolicyText }>> = {
  PcId: {
    en: {
      name: 'Name of the PC in the fleet',
      explain:
        'Letters, digits, - and _, in up to four parts joined by dots, 64 characters at most. Not configured: the settings file decides.',
    },
    ja: {
      name: 'フリート内での PC の名前',
      explain:
        '英数字、-、_ を使い、最大 4 つの部分をドットでつなげます（合計 64 文字以内）。未構成の場合は設定ファイルに従います。',
    },
  },
  NatsUrls: {
    en: {
      name: 'Servers of the fleet',
      explain:
        'Addresses beginning with nats://, tls:// or wss://, separated by commas. Credentials do not belong here.',
    },
    ja: {
      name: 'フリートのサーバー',
      explain: 'nats://、tls://、wss:// で始まるアドレスをコンマで区切って指定します。認証情報は含めないでください。',
    },
  },
  HostMode: {
    en: {
      name: 'Who runs the agent',
      explain:
        'The operating system (service) or the tray application of the signed-in person (tray). In tray mode nothing protects the agent from that person.',
    },
    ja: {
      name: 'エージェントの実行方法',
      explain:
        'オペレーティング システム（service）またはサインイン中のユーザーのトレイ アプリ（tray）が実行します。tray の場合、エージェントはそのユーザーから保護されません。',
    },
  },
  WarmShells: {
    en: {
      name: 'PowerShells started ahead',
      explain:
        'How many PowerShells may be started before their command while commands keep coming, so that a script begins at once. Each takes about 90 MB for ten minutes after the last command. 0: none.',
    },
    ja: {
      name: '事前に起動する PowerShell の数',
      explain:
        'コマンドが続けて届く間、スクリプトをすぐに開始できるように事前に起動しておく PowerShell の最大数です。最後のコマンドから 10 分間、1 つにつき約 90 MB のメモリを使用します。0 を指定すると起動しません。',
    },
  },
  MaxQueueMiB: {
    en: {
      name: 'How much may wait to be run or sent (MiB)',
      explain:
        'Tasks that have not ended and results that have not been delivered may take so much on this PC. With more, no new task is taken until a tenth of it is free again: tasks wait at the broker, schedules of this PC skip. What was taken is run, and no result is ever dropped.',
    },
    ja: {
      name: '待機中の作業と未送信の結果の上限 (MiB)',
      explain:
        '終わっていない作業と未送信の結果を、この端末に保管できる量です。超えると、上限の 1 割が空くまで新しい作業を受け取りません。作業はブローカーで待機し、この PC のスケジュールはスキップされます。受け取り済みの作業は実行され、結果が破棄されることはありません。',
    },
  },
  MaxOutputMiB: {
    en: {
      name: 'How much output of a script is kept (MiB)',
      explain: 'For each of the two output streams. Head and tail are kept, and the cut is marked.',
    },
    ja: {
      name: '保持するスクリプト出力のサイズ (MiB)',
      explain: '2 つの出力ストリームそれぞれに適用されます。超えた場合は先頭と末尾を残し、省略箇所を示します。',
    },
  },
  HistoryDays: {
    en: {
      name: 'How long the history of this PC is kept (days)',
      explain:
        'What happened on this PC stays visible for so long. Results that still have to be delivered are never removed.',
    },
    ja: {
      name: 'この PC の履歴の保持期間 (日)',
      explain: 'この PC で行われた作業を表示できる期間です。まだ送信されていない結果が削除されることはありません。',
    },
  },
  HelpdeskCodeHash: {
    en: {
      name: 'Hash of the helpdesk code',
      explain:
        'What "agent --hash-code" prints for the code that opens the helpdesk view. Without it the view stays closed. Everybody on the PC can read a policy: the registry value HelpdeskCodeHash under HKLM\\SOFTWARE\\kanade\\agent is the better place, and counts first.',
    },
    ja: {
      name: 'ヘルプデスク コードのハッシュ',
      explain:
        'ヘルプデスク画面を開くコードに対して「agent --hash-code」が出力する文字列です。未設定の場合、画面は開けません。ポリシーは PC の全員が読めるため、HKLM\\SOFTWARE\\kanade\\agent のレジストリ値 HelpdeskCodeHash に置くことを推奨します (こちらが優先されます)。',
    },
  },
  DisableScripts: {
    en: {
      name: 'Run no scripts on this PC',
      explain: 'Enabled: each command is answered as skipped, with the reason. Heartbeats and inventory go on.',
    },
    ja: {
      name: 'この PC でスクリプトを実行しない',
      explain:
        '有効の場合、コマンドは理由とともに「スキップ」として報告されます。ハートビートとインベントリは継続します。',
    },
  },
  DisableSelfUpdate: {
    en: {
      name: 'Never update by itself',
      explain:
        'Enabled: the agent downloads and installs no release; Updates says that one is available. For fleets whose versions another system installs.',
    },
    ja: {
      name: '自動更新を行わない',
      explain:
        '有効の場合、エージェントは新しいバージョンをダウンロードもインストールもしません。「更新」画面には利用できるバージョンだけを表示します。別のシステムで配布する場合に使用します。',
    },
  },
  UpdateChannel: {
    en: {
      name: 'Channel of releases',
      explain: 'Only releases that were signed for this channel are taken. Not configured: stable.',
    },
    ja: {
      name: '更新チャネル',
      explain: 'このチャネル向けに署名されたバージョンだけを受け入れます。未構成の場合は stable です。',
    },
  },
  MaintenanceWindow: {
    en: {
      name: 'When updates may be installed',
      explain:
        'Two times of day such as 22:00-05:00, by the clock of the PC, each day. Downloads are not bound to it. Not configured: at any time.',
    },
    ja: {
      name: '更新をインストールできる時間帯',
      explain:
        '22:00-05:00 のように、PC の時計での時間帯を指定します（毎日）。ダウンロードはこの時間帯に限られません。未構成の場合はいつでもインストールします。',
    },
  },
  UpdateDeferHoursMax: {
    en: {
      name: 'How long a person may put off an update (hours)',
      explain: 'From the moment when it is ready to be installed. 0: not at all.',
    },
    ja: {
      name: 'ユーザーが更新を延期できる時間',
      explain: 'インストールの準備ができた時点から数えます。0 を指定すると延期できません。',
    },
  },
  PauseUntil: {
    en: {
      name: 'No updates before',
      explain:
        'A day such as 2026-12-24, or a time such as 2026-12-24T18:00+09:00. Before it no release is downloaded or installed. Commands are not affected.',
    },
    ja: {
      name: '更新を停止する期限',
      explain:
        '2026-12-24 のような日付、または 2026-12-24T18:00+09:00 のような日時を指定します。それまではダウンロードもインストールも行いません。コマンドには影響しません。',
    },
  },
  RequireSignedCommands: {
    en: {
      name: 'Require signed commands',
      explain:
        'If enabled, only commands with a good signature of one of the keys in CommandKeys run; all others are refused with code 123. Without a key nothing that is sent runs. agent.toml and the switch of the original agent can require it too, and this policy does not take that back.',
    },
    ja: {
      name: '署名付きコマンドを必須にする',
      explain:
        '有効にすると、CommandKeys にある鍵の正しい署名が付いたコマンドだけを実行し、それ以外はコード 123 で拒否します。鍵がなければ、送られたコマンドは何も実行しません。agent.toml と元のエージェントのスイッチでも必須にでき、このポリシーで無効にすることはできません。',
    },
  },
  NotifyOnRun: {
    en: {
      name: 'Notify when a task of IT starts',
      explain: 'The strictest value of policy, settings file and fleet counts.',
    },
    ja: {
      name: 'IT 部門の作業の開始を通知する',
      explain: 'ポリシー、設定ファイル、フリートのうち最も厳しい値が適用されます。',
    },
  },
  ShowTray: {
    en: { name: 'Show the icon', explain: 'Disabled: there is no icon; the Start menu still opens the window.' },
    ja: {
      name: 'アイコンを表示する',
      explain: '無効の場合、アイコンは表示されません。ウィンドウはスタート メニューから開けます。',
    },
  },
  AllowQuitTray: {
    en: {
      name: 'Allow people to close the icon',
      explain: 'Closing the icon never ends the management of the PC. It comes back at the next sign-in.',
    },
    ja: {
      name: 'ユーザーがアイコンを終了できるようにする',
      explain: 'アイコンを終了しても PC の管理は続きます。次回のサインイン時に再び表示されます。',
    },
  },
  AllowStopAgent: {
    en: {
      name: 'Allow people to stop the management of the PC',
      explain: 'In tray mode only, and only by this policy: the menu offers to stop the agent.',
    },
    ja: {
      name: 'ユーザーが PC の管理を停止できるようにする',
      explain: 'トレイ モードでのみ、またこのポリシーでのみ設定できます。メニューにエージェントの停止が表示されます。',
    },
  },
  PromoteTrayIcon: {
    en: {
      name: 'Show the icon outside the overflow area',
      explain:
        'On Windows 11, a minute after the icon has been shown for the first time. What the person decides later stays.',
    },
    ja: {
      name: 'アイコンをタスク バーに常に表示する',
      explain:
        'Windows 11 で、アイコンが初めて表示されてから 1 分以内に適用されます。その後のユーザーの選択は変更しません。',
    },
  },
  HideCommandNames: {
    en: {
      name: 'Show the names of tasks to the helpdesk only',
      explain: 'Everybody else sees that a task ran and how it ended. The Event Log names no tasks either.',
    },
    ja: {
      name: '作業名をヘルプデスクにのみ表示する',
      explain:
        'ほかのユーザーには、作業が行われたこととその結果だけが表示されます。イベント ログにも作業名は記録されません。',
    },
  },
  ShowOutputToUsers: {
    en: {
      name: 'Show output without the helpdesk view',
      explain: 'What a script has written may hold what is not for everybody.',
    },
    ja: {
      name: 'ヘルプデスク画面以外でも出力を表示する',
      explain: 'スクリプトの出力には、ユーザーに見せるべきでない情報が含まれる場合があります。',
    },
  },
  Language: {
    en: { name: 'Language of the window', explain: 'auto follows Windows.' },
    ja: { name: 'ウィンドウの言語', explain: 'auto の場合は Windows の言語に従います。' },
  },
  BrandName: {
    en: { name: 'Name of the product', explain: 'In window, icon and notifications.' },
    ja: { name: '製品の表示名', explain: 'ウィンドウ、アイコン、通知に表示される名前です。' },
  },
  BrandItName: {
    en: { name: 'Name of the IT department', explain: 'As the window speaks of it; else "IT".' },
    ja: { name: 'IT 部門の呼び方', explain: 'ウィンドウでの呼び方です。未構成の場合は「IT」と表示します。' },
  },
  BrandLogoPath: {
    en: { name: 'Logo of the window', explain: 'The path of a picture on the PC.' },
    ja: { name: 'ウィンドウのロゴ', explain: 'PC 上の画像ファイルのパスを指定します。' },
  },
  SupportPhone: {
    en: { name: 'Telephone of the service desk', explain: 'Shown on the Support screen.' },
    ja: { name: 'サービス デスクの電話番号', explain: 'サポート画面に表示されます。' },
  },
  SupportMail: {
    en: { name: 'Mail of the service desk', explain: 'Shown on the Support screen.' },
    ja: { name: 'サービス デスクのメール アドレス', explain: 'サポート画面に表示されます。' },
  },
  SupportUrl: {
    en: { name: 'Page of the service desk', explain: 'An address that begins with https://.' },
    ja: { name: 'サービス デスクの Web ページ', explain: 'https:// で始まるアドレスを指定します。' },
  },
  SupportText: {
    en: { name: 'Sentence of the service desk', explain: 'Such as its hours.' },
    ja: { name: 'サービス デスクからの案内', explain: '受付時間などを表示できます。' },
  },
};

/** The levels of settings that are numbers to the agent and words to people. */
export const LEVEL_TEXTS: Readonly<Record<string, { readonly en: readonly string[]; readonly ja: readonly string[] }>> =
  {
    NotifyOnRun: {
      en: ['Never', 'Tasks that run as the person', 'All tasks'],
      ja: ['通知しない', 'ユーザーとして実行される作業', 'すべての作業'],
    },
    ShowOutputToUsers: {
      en: ['None', 'Of tasks that ran as the person', 'Of all tasks'],
      ja: ['表示しない', 'そのユーザーとして実行された作業のみ', 'すべての作業'],
    },
  };

export const CATEGORY_TEXTS = {
  KanadeTray: { en: 'Kanade Tray', ja: 'Kanade Tray' },
  agent: { en: 'Agent', ja: 'エージェント' },
  window: { en: 'Window and icon', ja: 'ウィンドウとアイコン' },
  support: { en: 'Name, logo and service desk', ja: '名称・ロゴ・サービス デスク' },
} as const;

export const SUPPORTED_TEXT = { en: 'Kanade Tray 0.1 or newer', ja: 'Kanade Tray 0.1 以降' };
