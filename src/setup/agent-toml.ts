/** Writes single keys of an `agent.toml`. Invariant: what it does not set, comments included, stays as it is. */
import { parse, TomlError } from 'smol-toml';

export type TomlScalar = string | number | boolean;

/** `toml` with each `[table] key` set to its value; the text before need not be valid. */
export function withSettings(toml: string, settings: Readonly<Record<string, TomlScalar>>): string {
  const lines = toml === '' ? [] : toml.replace(/\r?\n$/, '').split(/\r?\n/);
  for (const [name, value] of Object.entries(settings)) set(lines, name, value);
  return `${lines.join('\n')}\n`;
}

function set(lines: string[], name: string, value: TomlScalar): void {
  const dot = name.indexOf('.');
  const [table, key] = [name.slice(0, dot), name.slice(dot + 1)];
  const assignment = `${key} = ${typeof value === 'string' ? quoted(value) : String(value)}`;
  const header = lines.findIndex((line) => headerOf(line) === table);
  if (header < 0) {
    if (lines.length > 0) lines.push('');
    lines.push(`[${table}]`, assignment);
    return;
  }
  let end = header + 1;
  while (end < lines.length && headerOf(lines[end] ?? '') === null) end++;
  for (let at = header + 1; at < end; at++) {
    if (new RegExp(`^\\s*${key}\\s*=`).test(lines[at] ?? '')) {
      lines[at] = assignment;
      return;
    }
  }
  lines.splice(header + 1, 0, assignment);
}

function headerOf(line: string): string | null {
  return /^\s*\[\s*([A-Za-z0-9_-]+)\s*\]\s*(?:#.*)?$/.exec(line)?.[1] ?? (/^\s*\[/.test(line) ? '' : null);
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
