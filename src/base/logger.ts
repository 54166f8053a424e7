/** What a component writes its log with. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, unknown>>;

/** Passed in, never imported: a component logs under its own name. Logging never throws. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  child(component: string): Logger;
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
};

/** One call of a logger. */
export interface LogEntry {
  readonly at: Date;
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  readonly fields?: LogFields | undefined;
}

export type LineFormat = (entry: LogEntry) => string;

/** The component of what the log says about itself. */
export const ROOT_COMPONENT = 'kanade_tray';

/** Builds a logger over one sink. `level` is read at each call, so it can be changed while running. */
export function entryLogger(
  sink: (entry: LogEntry) => void,
  level: () => LogLevel,
  component: string = ROOT_COMPONENT,
): Logger {
  const write = (at: LogLevel, message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(at) > LEVELS.indexOf(level())) return;
    try {
      sink({ at: new Date(), level: at, component, message, fields });
    } catch {
      // A log that can't be written (full disk, closed pipe) must not end what it reports on.
    }
  };
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
    child: (name) => entryLogger(sink, level, `${component}::${name}`),
  };
}

/** The same over lines of text. */
export function lineLogger(sink: (line: string) => void, level: () => LogLevel): Logger {
  return entryLogger((entry) => sink(formatLine(entry)), level);
}

/** One line as the original writes them (protocol §9.1): `2026-11-24T03:29:31.307000Z  INFO target: message key=value`. */
export function formatLine({ at, level, component, message, fields }: LogEntry): string {
  const time = at.toISOString().replace('Z', '000Z');
  const tail = Object.entries(fields ?? {}).map(([key, value]) => ` ${key}=${fieldText(value)}`);
  return `${time} ${level.toUpperCase().padStart(5)} ${component}: ${oneLine(message)}${tail.join('')}`;
}

/**
 * One line of `[log] format = "json"`: `{"time":"…Z","level":"info","target":"…","message":"…", …fields}`. Every line has the
 * same first four members, so a field that has the name of one of them is left out.
 */
export function formatJsonLine({ at, level, component, message, fields }: LogEntry): string {
  const fixed = { time: at.toISOString(), level, target: component, message };
  return jsonText({ ...fixed, ...fields, ...fixed });
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@+-]+$/.test(value) ? value : jsonText(value);
  if (typeof value === 'bigint') return value.toString();
  return jsonText(value);
}

/** Nothing but spaces and what is printed: what JSON leaves as it is, C1 above all, acts on a terminal too. */
function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Error) return errorText(inner);
    return typeof inner === 'bigint' ? inner.toString() : inner;
  });
  return text?.replaceAll(ACTING, escaped) ?? 'undefined';
}

/** One line whatever is in it, and nothing that acts on a terminal that shows the log. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll(ACTING, escaped);
}

const ACTING = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The message of anything thrown, with the messages of its causes: `outer: inner`. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${errorText(error.cause)}`;
}
