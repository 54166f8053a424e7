/** Writes single keys of an `agent.toml`. Invariant: what it does not set, comments included, stays as it is. */
import { parse, TomlError } from 'smol-toml';

export type TomlScalar = string | number | boolean;

/**
 * `toml` with each `[table] key` set to its value; the text before need not be valid. Of a table or a key may be written anything
 * that TOML can: it stands for itself alone.
 */
export function withSettings(toml: string, settings: Readonly<Record<string, TomlScalar>>): string {
  const lines = toml === '' ? [] : toml.replace(/\r?\n$/, '').split(/\r?\n/);
  for (const [name, value] of Object.entries(settings)) set(lines, name, value);
  return `${lines.join('\n')}\n`;
}

function set(lines: string[], name: string, value: TomlScalar): void {
  const dot = name.indexOf('.');
  const [table, key] = [name.slice(0, dot), name.slice(dot + 1)];
  const assignment = `${keyText(key)} = ${typeof value === 'string' ? quoted(value) : String(value)}`;
  const header = lines.findIndex((line) => headerOf(line) === table);
  if (header < 0) {
    if (lines.length > 0) lines.push('');
    lines.push(`[${keyText(table)}]`, assignment);
    return;
  }
  let end = header + 1;
  while (end < lines.length && headerOf(lines[end] ?? '') === null) end++;
  for (let at = header + 1; at < end; at++) {
    if (keyOf(lines[at] ?? '') === key) {
      lines[at] = assignment;
      return;
    }
  }
  lines.splice(header + 1, 0, assignment);
}

const KEY = String.raw`([A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const HEADER = new RegExp(String.raw`^\s*\[\s*${KEY}\s*\]\s*(?:#.*)?$`);
const ASSIGNMENT = new RegExp(String.raw`^\s*${KEY}\s*=`);

/** null: it is no header; '': that of a table in another one, or a line of a list. */
function headerOf(line: string): string | null {
  const key = HEADER.exec(line)?.[1];
  return key === undefined ? (/^\s*\[/.test(line) ? '' : null) : plainKey(key);
}

function keyOf(line: string): string | null {
  const key = ASSIGNMENT.exec(line)?.[1];
  return key === undefined ? null : plainKey(key);
}

/** null: none that could be one of ours. */
function plainKey(text: string): string | null {
  if (text.startsWith("'")) return text.slice(1, -1);
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return null;
  }
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
}

/** JSON's escapes are TOML's as well; a template in double braces goes through. */
function quoted(value: string): string {
  return JSON.stringify(value);
}

export type FlatSettings =
  | { readonly ok: true; readonly values: Readonly<Record<string, TomlScalar>> }
  | { readonly ok: false; readonly line: number; readonly why: string };

/** Texts, numbers and switches of the tables of a file, as `table.key`. Templates stay as they are written. */
export function flatSettings(toml: string): FlatSettings {
  try {
    const values: Record<string, TomlScalar> = {};
    for (const [table, content] of Object.entries(parse(toml))) {
      if (typeof content !== 'object' || content === null || Array.isArray(content)) continue;
      for (const [key, value] of Object.entries(content))
        if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
          values[`${table}.${key}`] = value;
    }
    return { ok: true, values };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { ok: false, line: error.line, why: error.message.split('\n', 1)[0] ?? 'no valid TOML' };
  }
}
