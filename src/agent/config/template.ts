/**
 * `agent.toml` is a template before it is TOML (protocol §9.3). All of it is rendered, its comments too, and whatever is
 * not one of the supported forms is a problem that names line and text: nothing is ever left in by mistake. The line of
 * each rendered line is kept, so that later problems name the line of the file.
 */
import { parse } from 'smol-toml';
import {
  BLOCKS,
  type Block,
  type Evaluated,
  type Expression,
  evaluate,
  FORMS,
  parseBlock,
  parseExpression,
  type TemplateFacts,
  type TemplateValue,
} from './template-expression.ts';
import { tokenize } from './template-tokens.ts';

export interface TemplateProblem {
  /** From 1. */
  readonly line: number;
  /** The `{{ … }}` or `{% … %}` as it stands in the file, or the name of a variable. */
  readonly text: string;
  readonly expected: string;
}

export type Rendered =
  /** `lines[i]` is the line in the file of line i + 1 of `text`. */
  | { readonly ok: true; readonly text: string; readonly lines: readonly number[] }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

/** A piece of one line: plain text, or an expression that is still to be evaluated. */
type Piece = string | { readonly expression: Expression; readonly text: string; readonly line: number };
interface Line {
  readonly source: number;
  readonly pieces: Piece[];
}

/** The rounds in which variables may refer to one another. */
const MAX_ROUNDS = 10;

export function renderTemplate(template: string, facts: TemplateFacts): Rendered {
  const problems: TemplateProblem[] = [];
  const lines = chosenLines(template, facts.platform, problems);
  if (problems.length > 0) return { ok: false, problems };
  const vars = resolveVars(lines, facts, problems);
  const out: string[] = [];
  const sources: number[] = [];
  for (const line of lines) {
    const text = renderLine(line, facts, vars, problems) ?? '';
    for (const part of text.split('\n')) {
      out.push(part);
      sources.push(line.source);
    }
  }
  return problems.length > 0
    ? { ok: false, problems: distinct(problems) }
    : { ok: true, text: out.join('\n'), lines: sources };
}

/** The lines of the branches that hold on this platform. Every form is checked, also in the other branches. */
function chosenLines(template: string, platform: NodeJS.Platform, problems: TemplateProblem[]): Line[] {
  const lines: Line[] = [{ source: 1, pieces: [] }];
  const open: { readonly holds: boolean; otherwise: boolean; readonly line: number; readonly text: string }[] = [];
  const wanted = () => open.every((block) => block.holds !== block.otherwise);
  const add = (piece: Piece) => void lines.at(-1)?.pieces.push(piece);
  for (const token of tokenize(template)) {
    const { line, text } = token;
    const problem = (expected: string) => void problems.push({ line, text: clip(text), expected });
    switch (token.kind) {
      case 'text':
        if (!wanted()) break;
        for (const [i, part] of text.split('\n').entries()) {
          if (i > 0) lines.push({ source: line + i, pieces: [] });
          add(part);
        }
        break;
      case 'value': {
        const expression = parseExpression(token.body);
        if (expression === null) problem(FORMS);
        else if (wanted()) add({ expression, text, line });
        break;
      }
      case 'block': {
        const block = parseBlock(token.body);
        const misplaced = block === null ? BLOCKS : misplacedBlock(block, open.at(-1)?.otherwise);
        if (misplaced !== null) problem(misplaced);
        else if (block?.kind === 'if') open.push({ holds: block.platform === platform, otherwise: false, line, text });
        else if (block?.kind === 'endif') open.pop();
        else {
          const last = open.at(-1);
          if (last !== undefined) last.otherwise = true;
        }
        break;
      }
      case 'comment':
        problem('no template comment (it is not supported)');
        break;
      case 'open':
        problem(`the end of ${text.slice(0, 2)}`);
    }
  }
  for (const block of open) problems.push({ line: block.line, text: block.text, expected: 'an {% endif %} after it' });
  return lines;
}

/** `inElse` is undefined outside of any block. */
function misplacedBlock(block: Block, inElse: boolean | undefined): string | null {
  if (block.kind === 'if') return null;
  if (inElse === undefined) return 'an {% if … %} before it';
  return block.kind === 'else' && inElse ? 'only one {% else %} for each {% if … %}' : null;
}

type Entry = { readonly name: string; readonly lines: Line[] };
type Vars = ReadonlyMap<string, TemplateValue | null>;

/** `[vars]` is taken out of the text and resolved first; null marks a value that no template can use. */
function resolveVars(lines: readonly Line[], facts: TemplateFacts, problems: TemplateProblem[]): Vars {
  const vars = new Map<string, TemplateValue | null>();
  let waiting = entriesOf(lines);
  for (let round = 0; round < MAX_ROUNDS && waiting.length > 0; round += 1) {
    const names = new Set(waiting.map((entry) => entry.name));
    const next: Entry[] = [];
    for (const entry of waiting) {
      const found: TemplateProblem[] = [];
      const texts = entry.lines.map((line) => renderLine(line, facts, vars, found, names));
      if (texts.includes(null)) next.push(entry);
      // A variable whose problem is reported is empty to the rest, so that one mistake is one problem.
      else vars.set(entry.name, found.length > 0 ? '' : parsedValue(texts.join('\n')));
      problems.push(...found);
    }
    if (next.length === waiting.length) break;
    waiting = next;
  }
  for (const { name, lines: own } of waiting) {
    vars.set(name, '');
    const expected = `variables that do not refer to each other in a circle, nor over more than ${MAX_ROUNDS} steps`;
    problems.push({ line: own[0]?.source ?? 1, text: `vars.${name}`, expected });
  }
  return vars;
}

function entriesOf(lines: readonly Line[]): Entry[] {
  const entries: Entry[] = [];
  let inVars = false;
  for (const line of lines) {
    const start = typeof line.pieces[0] === 'string' ? line.pieces[0] : '';
    if (/^\s*\[/.test(start) && (!inVars || /^\s*\[+[\w."' -]+\]+\s*(#.*)?$/.test(start))) {
      inVars = /^\s*\[\s*vars\s*\]\s*(#.*)?$/.test(start);
      continue;
    }
    if (!inVars || /^\s*#/.test(start)) continue;
    const name = /^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=/
      .exec(start)
      ?.slice(1)
      .find((part) => part !== undefined);
    if (name !== undefined) entries.push({ name, lines: [line] });
    else entries.at(-1)?.lines.push(line);
  }
  return entries;
}

/** The value of `name = value`, null where it is none that can be written into a text. */
function parsedValue(assignment: string): TemplateValue | null {
  try {
    const [value] = Object.values(parse(assignment, { integersAsBigInt: true }));
    const usable = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean';
    return usable || typeof value === 'number' ? value : null;
  } catch {
    // The text as a whole is parsed later; that names the problem and its line.
    return null;
  }
}

/** The text of a line; null where it needs a variable of `unresolved`. Problems are added to `problems`. */
function renderLine(
  line: Line,
  facts: TemplateFacts,
  vars: Vars,
  problems: TemplateProblem[],
  unresolved: ReadonlySet<string> = new Set(),
): string | null {
  const variable = (name: string): Evaluated => {
    const value = vars.get(name);
    if (value !== undefined && value !== null) return { kind: 'value', value };
    if (unresolved.has(name)) return { kind: 'wait', name };
    if (value === null) return { kind: 'problem', expected: `vars.${name} to be a text, a number, true or false` };
    return { kind: 'problem', expected: `a variable that [vars] sets; vars.${name} is not there` };
  };
  let text = '';
  for (const piece of line.pieces) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const result = evaluate(piece.expression, facts, variable);
    if (result.kind === 'wait') return null;
    if (result.kind === 'problem')
      problems.push({ line: piece.line, text: clip(piece.text), expected: result.expected });
    else text += String(result.value);
  }
  return text;
}

/** A line of [vars] is rendered twice: for its value, and with the file. */
function distinct(problems: readonly TemplateProblem[]): TemplateProblem[] {
  return [
    ...new Map(problems.map((problem) => [`${problem.line} ${problem.text} ${problem.expected}`, problem])).values(),
  ];
}

function clip(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
}
