/** Cuts a template into plain text and its `{{ … }}`, `{% … %}` and `{# … #}`, each with the line it begins on. */

export interface Token {
  readonly kind: 'text' | 'value' | 'block' | 'comment' | 'open';
  /** As it stands in the file. */
  readonly text: string;
  /** Between the marks; the text itself where there are none. `open` never ends. */
  readonly body: string;
  /** From 1. */
  readonly line: number;
}

const MARKS = {
  '{{': { end: '}}', kind: 'value' },
  '{%': { end: '%}', kind: 'block' },
  '{#': { end: '#}', kind: 'comment' },
} as const;

export function tokenize(template: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  const push = (kind: Token['kind'], end: number, body?: string) => {
    const text = template.slice(at, end);
    if (text !== '') tokens.push({ kind, text, body: body ?? text, line });
    line += text.split('\n').length - 1;
    at = end;
  };
  for (const found of template.matchAll(/\{[{%#]/g)) {
    if (found.index < at) continue;
    push('text', found.index);
    const mark = MARKS[found[0] as keyof typeof MARKS];
    const end = endOf(template, at + 2, mark.end);
    if (end === null) {
      push('open', template.length);
      break;
    }
    push(mark.kind, end + 2, template.slice(at + 2, end));
  }
  push('text', template.length);
  return tokens;
}

/** Where `mark` begins, outside of quotes; null where it does not. */
function endOf(text: string, from: number, mark: string): number | null {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (text.startsWith(mark, at)) return at;
    else if (mark !== '#}' && (char === '"' || char === "'")) quote = char;
  }
  return null;
}
