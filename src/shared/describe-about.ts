/**
 * What people ask about a program that manages their PC, answered from its real settings. Invariant: every sentence is chosen by a
 * setting, and what a script could do is not left out because it sounds bad.
 */
import type { AboutFacts, UiSettings } from './contract.ts';
import type { Words } from './words/words.ts';

export interface Answered {
  readonly question: string;
  /** One paragraph each. */
  readonly answers: readonly string[];
}

type Rights = Pick<UiSettings, 'allowQuitTray' | 'allowStopAgent'>;

/** `ui` null: what IT allows at the icon is not known. `hosted`: whoever shows this runs the agent, and could end it. */
export function answersOf(facts: AboutFacts, ui: Rights | null, hosted: boolean, words: Words): Answered[] {
  const question = (id: 'slow' | 'see' | 'off' | 'who' | 'kept', answers: readonly (string | null)[]) => ({
    question: words.say(`ask.${id}`),
    answers: answers.filter((each) => each !== null),
  });
  return [
    question('slow', slow(facts, words)),
    question('see', see(facts, words)),
    question('off', off(ui, hosted, words)),
    question('who', who(facts, words)),
    question('kept', kept(facts, words)),
  ];
}

function runsAnything({ scripts, runAsSystem, runAsUser }: AboutFacts): boolean {
  return scripts && (runAsSystem !== 'no' || runAsUser);
}

function slow(facts: AboutFacts, words: Words): (string | null)[] {
  if (!runsAnything(facts)) return [words.say('ask.slow.none')];
  return [words.join(words.say(`ask.slow.${facts.priority}`), words.say('ask.slow.atMost', { n: facts.maxParallel }))];
}

function see(facts: AboutFacts, words: Words): (string | null)[] {
  const screen = words.say('ask.see.screen');
  if (!runsAnything(facts)) return [screen, words.say('ask.see.noScripts')];
  const files = facts.runAsSystem === 'system' ? 'ask.see.allFiles' : 'ask.see.yourFiles';
  return [screen, words.join(words.say(files), words.say('ask.see.listed'))];
}

function off(ui: Rights | null, hosted: boolean, words: Words): (string | null)[] {
  if (ui === null) return [words.say('status.unread')];
  const icon = words.say(ui.allowQuitTray ? 'ask.off.icon' : 'ask.off.noIcon');
  return [icon, words.say(hosted && ui.allowStopAgent ? 'ask.off.stop' : 'ask.off.noStop')];
}

function who(facts: AboutFacts, words: Words): (string | null)[] {
  const level = facts.outputShown === 2 ? '2' : facts.outputShown === 1 ? '1' : '0';
  return [
    words.say('ask.who.it'),
    facts.inventory ? words.say('ask.who.inventory') : words.say('ask.who.noInventory'),
    facts.readLog ? words.say('ask.who.log') : null,
    words.join(
      words.say(facts.namesHidden ? 'ask.who.namesHidden' : 'ask.who.names'),
      words.say(`about.output.${level}`),
    ),
  ];
}

const MIB = 1024 * 1024;

function kept({ data }: AboutFacts, words: Words): (string | null)[] {
  const size = words.bytes(data.historyMaxMib * MIB);
  const log =
    data.logDirectory === null
      ? words.say('about.data.noLog')
      : words.join(
          words.say('about.data.log', { days: data.logDays }),
          words.say('about.data.where', { path: data.logDirectory }),
        );
  return [
    words.join(
      words.say('about.data.history', { days: data.historyDays, size }),
      words.say('about.data.where', { path: data.directory }),
    ),
    log,
  ];
}
