/**
 * The expressions inside `{{ … }}` and the conditions inside `{% … %}` of `agent.toml`: exactly the forms of
 * protocol §9.3. Anything else is a problem, never a guess.
 */

/** What a template may know about the machine. */
export interface TemplateFacts {
  readonly system: Readonly<Record<'host' | 'os' | 'arch' | 'user', string>> & {
    /** The start directory; null: it is gone. */
    readonly cwd: string | null;
  };
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type TemplateValue = string | number | bigint | boolean;

type Reference =
  | { readonly from: 'system'; readonly name: SystemName }
  | { readonly from: 'vars'; readonly name: string };
type Source =
  | Reference
  | { readonly from: 'home' }
  | { readonly from: 'env'; readonly name: string; readonly otherwise: string | Reference | null };
type Filter =
  | { readonly name: 'hash' }
  | { readonly name: 'port_offset'; readonly start: bigint; readonly range: bigint };
type SystemName = keyof TemplateFacts['system'];

export interface Expression {
  readonly source: Source;
  readonly filters: readonly Filter[];
}

export const FORMS =
  'one of system.host/.os/.arch/.user/.cwd, vars.<name>, env(name="…", default="…") and home(), with the filters hash and port_offset(start=, range=)';
export const BLOCKS = '{% if is_windows() %}, is_linux() or is_mac(), {% else %} or {% endif %}';

const MAX_EXPRESSION_CHARS = 1000;

/** The inside of `{{ … }}`; null where it is none of the forms. */
export function parseExpression(body: string): Expression | null {
  if (body.length > MAX_EXPRESSION_CHARS) return null;
  const [first, ...rest] = splitOutsideQuotes(body, '|');
  const source = parseSource((first ?? '').trim());
  if (source === null) return null;
  const filters: Filter[] = [];
  for (const text of rest) {
    const filter = parseFilter(text.trim());
    if (filter === null) return null;
    filters.push(filter);
  }
  return { source, filters };
}

const PLATFORM_OF = { is_windows: 'win32', is_linux: 'linux', is_mac: 'darwin' } as const;

export type Block =
  | { readonly kind: 'if'; readonly platform: NodeJS.Platform }
  | { readonly kind: 'else' }
  | { readonly kind: 'endif' };

/** The inside of `{% … %}`; null where it is none of the forms. */
export function parseBlock(body: string): Block | null {
  const text = body.trim();
  if (text === 'else' || text === 'endif') return { kind: text };
  const test = /^if\s+(is_windows|is_linux|is_mac)\s*\(\s*\)$/.exec(text)?.[1];
  return test === undefined ? null : { kind: 'if', platform: PLATFORM_OF[test as keyof typeof PLATFORM_OF] };
}

/** `wait` says that a variable is not resolved yet. */
export type Evaluated =
  | { readonly kind: 'value'; readonly value: TemplateValue }
  | { readonly kind: 'wait'; readonly name: string }
  | { readonly kind: 'problem'; readonly expected: string };

/** What `vars.<name>` is: resolved, not yet, or not there. */
export type Variables = (name: string) => Evaluated;

export function evaluate(expression: Expression, facts: TemplateFacts, vars: Variables): Evaluated {
  let result = evaluateSource(expression.source, facts, vars);
  for (const filter of expression.filters) {
    if (result.kind !== 'value') return result;
    result = applyFilter(filter, result.value);
  }
  return result;
}

function evaluateSource(source: Source, facts: TemplateFacts, vars: Variables): Evaluated {
  switch (source.from) {
    case 'system':
      return systemFact(facts.system[source.name]);
    case 'vars':
      return vars(source.name);
    case 'home':
      return { kind: 'value', value: facts.home };
    case 'env': {
      const { otherwise } = source;
      // The default is evaluated even where the variable is set, as the original does: a wrong name in it shows at once.
      const fallback =
        typeof otherwise === 'object' && otherwise !== null ? evaluateSource(otherwise, facts, vars) : null;
      if (fallback !== null && fallback.kind !== 'value') return fallback;
      const value = facts.env[source.name] ?? fallback?.value ?? (otherwise as string | null);
      if (value !== null) return { kind: 'value', value };
      return { kind: 'problem', expected: `the environment variable ${source.name} to be set, or a default` };
    }
  }
}

function systemFact(value: string | null): Evaluated {
  if (value !== null) return { kind: 'value', value };
  return { kind: 'problem', expected: 'a start directory for system.cwd (the one that this was started in is gone)' };
}

function applyFilter(filter: Filter, value: TemplateValue): Evaluated {
  if (filter.name === 'hash') return { kind: 'value', value: fnv1a64(String(value)) };
  if (typeof value !== 'bigint' || value < 0n) {
    return { kind: 'problem', expected: 'a whole number before port_offset, such as that of hash' };
  }
  return { kind: 'value', value: filter.start + (value % filter.range) };
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, over the text in UTF-8. */
export function fnv1a64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}

function parseSource(text: string): Source | null {
  const reference = parseReference(text);
  if (reference !== null) return reference;
  const call = /^(home|env)\s*\((.*)\)$/s.exec(text);
  if (call === null) return null;
  const args = parseArguments(call[2] ?? '');
  if (args === null) return null;
  if (call[1] === 'home') return args.size === 0 ? { from: 'home' } : null;
  const name = args.get('name');
  const otherwise = args.get('default');
  if (name === undefined || args.size > (otherwise === undefined ? 1 : 2)) return null;
  const nameText = unquote(name);
  if (nameText === null || nameText === '') return null;
  if (otherwise === undefined) return { from: 'env', name: nameText, otherwise: null };
  const fallback = unquote(otherwise) ?? parseReference(otherwise);
  return fallback === null ? null : { from: 'env', name: nameText, otherwise: fallback };
}

function parseReference(text: string): Reference | null {
  const system = /^system\.(host|os|arch|user|cwd)$/.exec(text)?.[1];
  if (system !== undefined) return { from: 'system', name: system as SystemName };
  const name = /^vars\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)?.[1];
  return name === undefined ? null : { from: 'vars', name };
}

function parseFilter(text: string): Filter | null {
  if (text === 'hash') return { name: 'hash' };
  const call = /^port_offset\s*\((.*)\)$/s.exec(text);
  const args = call === null ? null : parseArguments(call[1] ?? '');
  const start = args?.get('start');
  const range = args?.get('range');
  if (args?.size !== 2 || start === undefined || range === undefined) return null;
  if (!/^\d{1,9}$/.test(start) || !/^\d{1,9}$/.test(range) || BigInt(range) === 0n) return null;
  return { name: 'port_offset', start: BigInt(start), range: BigInt(range) };
}

/** `name=text` pairs; null where one is not, or stands twice. */
function parseArguments(text: string): Map<string, string> | null {
  const args = new Map<string, string>();
  if (text.trim() === '') return args;
  for (const part of splitOutsideQuotes(text, ',')) {
    const pair = /^\s*([a-z_]+)\s*=\s*(.+?)\s*$/s.exec(part);
    const [, name, value] = pair ?? [];
    if (name === undefined || value === undefined || args.has(name)) return null;
    args.set(name, value);
  }
  return args;
}

/** The text between two quotes of one kind, taken as it stands; null where it is not quoted. */
function unquote(text: string): string | null {
  return (
    /^"([^"]*)"$|^'([^']*)'$/s
      .exec(text)
      ?.slice(1)
      .find((inner) => inner !== undefined) ?? null
  );
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts = [''];
  let quote = '';
  for (const char of text) {
    if (quote === '' && char === separator) {
      parts.push('');
      continue;
    }
    if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    parts[parts.length - 1] += char;
  }
  return parts;
}
