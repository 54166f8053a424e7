/**
 * The command line of the installer (deploy §2). Invariant: a parameter that is not known, or whose value can't be used,
 * ends the set-up before anything is done, and is named.
 */
import { SETUP_EXIT, SetupError } from './exit-codes.ts';

const TEXTS = ['NATSURL', 'PCID', 'TOKEN', 'TOKENFILE', 'NATSUSER', 'NATSPASSFILE', 'CONFIG', 'KEYS', 'LOG'] as const;
const FLAGS = [
  'NOTRAY',
  'NOAUTOSTART',
  'NOUPDATE',
  'NOSTART',
  'REQUIRESIGNED',
  'REPLACE',
  'RESTORE',
  'ALLOWDOWNGRADE',
  'SYSPREP',
  'PURGE',
  'KEEPSECRETS',
] as const;
const CHOICES = { CHECK: ['0', 'warn', 'strict'], MODE: ['service', 'tray'], LANG: ['en', 'ja'] } as const;
/** The installer's own: silent, for all users, no check of its own bytes, from where the copy of the uninstaller came. */
const OF_NSIS = /^(?:S|NCRC|allusers|FROM=.*)$/i;

/** All of them, by name; the documentation is held to this list. */
export const PARAMETER_NAMES: readonly string[] = [...TEXTS, ...FLAGS, ...Object.keys(CHOICES)];

type TextName = (typeof TEXTS)[number];
type FlagName = (typeof FLAGS)[number];
type ChoiceName = keyof typeof CHOICES;

export type Parameters = Readonly<
  { [K in TextName]?: string } & { [K in FlagName]?: boolean } & { [K in ChoiceName]?: (typeof CHOICES)[K][number] }
>;

/** Reads the whole command line, its program included. @throws {SetupError} naming the parameter */
export function readCommandLine(commandLine: string): Parameters {
  // NSIS: the last one, without quotation marks, to the end of the line.
  const withoutDirectory = commandLine.replace(/\s\/D=.*$/s, '');
  return readParameters(wordsOf(withoutDirectory).slice(1));
}

/** @throws {SetupError} naming the parameter */
export function readParameters(words: readonly string[]): Parameters {
  const read: Record<string, string | boolean> = {};
  for (const [at, word] of words.entries()) {
    const match = /^\/([A-Za-z_?]+)(?:=(.*))?$/s.exec(word);
    if (match === null) throw wrong(`${nameOf(word, at)} is no parameter; parameters begin with /`);
    const [, given = '', value] = match;
    if (OF_NSIS.test(word.slice(1))) continue;
    const name = given.toUpperCase();
    read[name] = valueGiven(name, value);
  }
  return read as Parameters;
}

/** Without what may be a secret, or the rest of one that blanks have cut. */
function nameOf(word: string, at: number): string {
  const name = /^\/?[A-Za-z]+(?==)/.exec(word)?.[0];
  return name === undefined ? `word ${at + 1} of the command line` : `${name}=…`;
}

function valueGiven(name: string, value: string | undefined): string | boolean {
  if (name === 'CURRENTUSER') throw wrong('/currentuser: it is installed for the whole PC only');
  if (isIn(FLAGS, name)) {
    if (value === undefined || value === '1') return true;
    if (value === '0') return false;
    throw wrong(`/${name}=${value}: expected 0 or 1`);
  }
  if (Object.hasOwn(CHOICES, name)) {
    const choices: readonly string[] = CHOICES[name as ChoiceName];
    if (value !== undefined && choices.includes(value)) return value;
    throw wrong(`/${name}=${value ?? ''}: expected ${choices.join(', ')}`);
  }
  if (!isIn(TEXTS, name)) throw wrong(`/${name} is not a parameter of this installer`);
  // A secret is not repeated in a message.
  if (value === undefined || value === '') throw wrong(`/${name} needs a value`);
  return value;
}

function isIn(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function wrong(text: string): SetupError {
  return new SetupError(SETUP_EXIT.configuration, text);
}

/** As Windows splits a command line: blanks separate, quotation marks hold together, also in the middle of a word. */
export function wordsOf(commandLine: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (const char of commandLine) {
    if (char === '"') {
      quoted = !quoted;
      word ??= '';
    } else if (!quoted && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return words;
}
