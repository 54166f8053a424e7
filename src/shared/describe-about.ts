/**
 * What people ask about a program that manages their PC, answered from its real settings. Invariant: every sentence is chosen by a
 * setting, and what a script could do is not left out because it sounds bad.
 */
import type { AboutFacts } from './about-view.ts';
import type { I18n } from './i18n/i18n.ts';
import type { UiSettings } from './ui-view.ts';

export interface Answered {
  readonly question: string;
  /** One paragraph each. */
  readonly answers: readonly string[];
}

type Rights = Pick<UiSettings, 'allowQuitTray' | 'allowStopAgent'>;

/** `ui` null: what IT allows at the icon is not known. `hosted`: whoever shows this runs the agent, and could end it. */
export function answersOf(facts: AboutFacts, ui: Rights | null, hosted: boolean, i18n: I18n): Answered[] {
  const question = (id: 'slow' | 'see' | 'off' | 'who' | 'kept', answers: readonly (string | null)[]) => ({
    question: i18n.t(`ask.${id}`),
    answers: answers.filter((each) => each !== null),
  });
  return [
    question('slow', slow(facts, i18n)),
    question('see', see(facts, i18n)),
    question('off', off(facts, ui, hosted, i18n)),
    question('who', who(facts, i18n)),
    question('kept', kept(facts, i18n)),
  ];
}

/** Also where nobody has a key that counts: the schedules of the fleet are not signed (docs/signing.md). */
function runsAnything(facts: AboutFacts): boolean {
  return facts.scripts && (facts.runAsSystem !== 'no' || facts.runAsUser);
}

function slow(facts: AboutFacts, i18n: I18n): (string | null)[] {
  if (!runsAnything(facts)) return [i18n.t('ask.slow.none')];
  return [i18n.join(i18n.t(`ask.slow.${facts.priority}`), i18n.t('ask.slow.atMost', { n: facts.maxParallel }))];
}

function see(facts: AboutFacts, i18n: I18n): (string | null)[] {
  const screen = i18n.t('ask.see.screen');
  if (!runsAnything(facts)) return [screen, i18n.t('ask.see.noScripts')];
  const files = facts.runAsSystem === 'system' ? 'ask.see.allFiles' : 'ask.see.yourFiles';
  return [screen, i18n.join(i18n.t(files), i18n.t('ask.see.listed'))];
}

/** Tray mode: all of it is the signed-in person's own (architecture §4), whom nothing keeps from ending or reading it. */
function isTheirs({ runAsSystem }: AboutFacts): boolean {
  return runAsSystem !== 'system';
}

function off(facts: AboutFacts, ui: Rights | null, hosted: boolean, i18n: I18n): (string | null)[] {
  if (ui === null) return [i18n.t('status.unread')];
  const icon = i18n.t(ui.allowQuitTray ? 'ask.off.icon' : 'ask.off.noIcon');
  if (hosted && ui.allowStopAgent) return [icon, i18n.t('ask.off.stop')];
  return [icon, i18n.t(isTheirs(facts) ? 'ask.off.yours' : 'ask.off.noStop')];
}

function who(facts: AboutFacts, i18n: I18n): (string | null)[] {
  const [names, hidden] = isTheirs(facts)
    ? (['ask.who.yours', 'ask.who.yoursHidden'] as const)
    : (['ask.who.names', 'ask.who.namesHidden'] as const);
  const level = facts.outputShown === 2 ? '2' : facts.outputShown === 1 ? '1' : '0';
  return [
    i18n.t('ask.who.it'),
    facts.inventory ? i18n.t('ask.who.inventory') : i18n.t('ask.who.noInventory'),
    facts.readLog ? i18n.t('ask.who.log') : null,
    i18n.join(i18n.t(facts.namesHidden ? hidden : names), i18n.t(`about.output.${level}`)),
  ];
}

const MIB = 1024 * 1024;

function kept({ data }: AboutFacts, i18n: I18n): (string | null)[] {
  const size = i18n.bytes(data.historyMaxMib * MIB);
  const log =
    data.logDirectory === null
      ? i18n.t('about.data.noLog')
      : i18n.join(
          i18n.t('about.data.log', { days: data.logDays }),
          i18n.t('about.data.where', { path: data.logDirectory }),
        );
  return [
    i18n.join(
      i18n.t('about.data.history', { days: data.historyDays, size }),
      i18n.t('about.data.where', { path: data.directory }),
    ),
    log,
  ];
}
