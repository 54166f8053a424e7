/**
 * Reads one `agent.toml` (protocol §9.3): UTF-8, template, TOML, values. Every problem and every doubt of the file is
 * found in one pass and names its line; only a file that is no text, no template or no TOML ends earlier.
 */
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml';
import { type Collected, isOwnTable } from './collect.ts';
import type { SettingSource } from './layers.ts';
import { isSettingKey } from './settings.ts';
import { renderTemplate } from './template.ts';
import type { TemplateFacts } from './template-expression.ts';
import { keyLines, lineOf } from './toml-lines.ts';
import { describe, type PathBase, TomlFloat } from './values.ts';

export const MAX_CONFIG_BYTES = 1024 * 1024;

export interface AgentTomlInput {
  /** Its path, as problems name it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly source: Extract<SettingSource, 'agent.toml' | 'machine agent.toml'>;
  readonly facts: TemplateFacts;
  readonly base: PathBase;
}

/** The line of a key in the file, for what is found later; null where the file could not be read as a whole. */
export type LineLookup = (key: string) => number | null;

/** Adds what the file sets to `to`. Returns where its keys stand, or null where it can't be read at all. */
export function readAgentToml(input: AgentTomlInput, to: Collected): LineLookup | null {
  const { file } = input;
  const problem = (line: number | null, key: string, expected: string) =>
    void to.problems.push({ file, line, key, expected });
  const text = decode(input.bytes);
  if (typeof text !== 'string') {
    problem(null, 'file', text.expected);
    return null;
  }
  const rendered = renderTemplate(text, input.facts);
  if (!rendered.ok) {
    for (const { line, text: template, expected } of rendered.problems) problem(line, template, expected);
    return null;
  }
  const sourceLine = (line: number) => rendered.lines[line - 1] ?? line;
  let table: TomlTable;
  try {
    table = parse(rendered.text, { integersAsBigInt: true, maxDepth: 64 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    problem(sourceLine(error.line), 'TOML', `valid TOML (${reasonOf(error)})`);
    return null;
  }
  const lines = keyLines(rendered.text);
  const lookup = (key: string) => {
    const line = lineOf(lines, key);
    return line === null ? null : sourceLine(line);
  };
  addTables(table, input, lookup, to);
  return lookup;
}

function decode(bytes: Uint8Array): string | { readonly expected: string } {
  if (bytes.length > MAX_CONFIG_BYTES) return { expected: `a file of at most ${MAX_CONFIG_BYTES} bytes` };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { expected: 'text in UTF-8' };
  }
}

/** The first line of the parser's message, without its preamble; the rest repeats the file. */
function reasonOf(error: TomlError): string {
  return (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '');
}

function addTables(root: TomlTable, input: AgentTomlInput, lookup: LineLookup, to: Collected): void {
  const { file, source, base } = input;
  for (const [name, value] of Object.entries(root)) {
    const line = lookup(name);
    const isInclude = name === 'include' || (name === 'teravars' && isTable(value) && Object.hasOwn(value, 'include'));
    if (isInclude) {
      const key = name === 'include' ? name : 'teravars.include';
      to.problems.push({ file, line: lookup(key), key, expected: 'no include (merging files is not supported)' });
    }
    if (!isOwnTable(name)) continue;
    if (!isTable(value)) {
      to.problems.push({ file, line, key: name, expected: `a table [${name}], found ${describe(value)}` });
      continue;
    }
    for (const [inner, raw] of Object.entries(value)) {
      const key = `${name}.${inner}`;
      const at = { source, file, line: lookup(key) };
      // 5.0 is no whole number in TOML; as a number of JavaScript it would be one.
      const found = typeof raw === 'number' ? new TomlFloat(raw) : raw;
      if (isSettingKey(key)) to.add(key, found, at, base);
      else to.warnings.push({ file, line: at.line, key, message: unknownKey(key) });
    }
  }
}

function unknownKey(key: string): string {
  if (key === 'agent.groups') return 'deprecated and ignored, the groups of this PC come from the fleet';
  return 'not a setting that this version knows, ignored';
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) === null;
}
