/**
 * The table of scripts that are run both ways. Most of it stands in `cases/*.txt`, so that PowerShell reads as it is written: a
 * line `%% name` begins a script, the lines below it are its text, without the last line feed. Behind the name may stand, in
 * brackets and with commas between them:
 *
 * - `linux`, `windows`: only there;
 * - `colour`: without NO_COLOR;
 * - `differs: NAME`: a known difference of `differences.ts`.
 *
 * `@NODE@` stands for the path of a native program, Node.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GENERATED_KIND, generated } from './generated.ts';
import { SPECIAL_TEXTS } from './special-texts.ts';

export interface Case {
  readonly kind: string;
  readonly name: string;
  readonly script: string;
  readonly only?: 'linux' | 'windows';
  readonly isColoured: boolean;
  /** A key of `DIFFERENCES`. */
  readonly differs?: string;
}

const DIRECTORY = join(import.meta.dirname, 'cases');
const HEADER = /^%% ([^[\n]+?)(?: \[([^\]\n]+)\])?$/m;

/** All scripts that somebody has written, of all kinds. */
export function writtenCases(): Case[] {
  const files = readdirSync(DIRECTORY).toSorted();
  const fromFiles = files.flatMap((file) =>
    parsed(basename(file, '.txt'), readFileSync(join(DIRECTORY, file), 'utf8')),
  );
  const special = SPECIAL_TEXTS.map(([name, script, flags]) => caseOf('special texts', name, script, flags ?? ''));
  return [...fromFiles, ...special];
}

/** As many scripts that nobody has thought of: the same ones for the same seed. */
export function generatedCases(seed: number, count: number): Case[] {
  return generated(seed, count).map((script, index) => caseOf(GENERATED_KIND, `${seed}/${index}`, script, ''));
}

function parsed(kind: string, text: string): Case[] {
  // Before the first header, and then by turns: name, flags, script.
  const [, ...parts] = text.replaceAll('\r\n', '\n').split(new RegExp(HEADER, 'gm'));
  const cases: Case[] = [];
  for (let at = 0; at < parts.length; at += 3) {
    const script = (parts[at + 2] ?? '').replace(/^\n|\n$/g, '');
    cases.push(caseOf(kind, parts[at] ?? '', script.replaceAll('@NODE@', process.execPath), parts[at + 1] ?? ''));
  }
  return cases;
}

function caseOf(kind: string, name: string, script: string, flags: string): Case {
  const words = flags === '' ? [] : flags.split(/, ?/);
  const differs = words.find((word) => word.startsWith('differs: '))?.slice('differs: '.length);
  const only = words.find((word) => word === 'linux' || word === 'windows');
  return {
    kind,
    name,
    script,
    isColoured: words.includes('colour'),
    ...(only === undefined ? {} : { only }),
    ...(differs === undefined ? {} : { differs }),
  };
}
