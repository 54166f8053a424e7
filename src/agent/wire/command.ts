/**
 * A command of the fleet (protocol §3.1, §12.1). What can't be read is told with everything that could be, so that whoever
 * sent it can be answered; what must not run as a script (a typed command) never comes out as one.
 */
import type { SentExecId, SentRequestId } from '../../shared/ids.ts';
import { FieldReader } from './fields.ts';
import { type ParsedJson, parseJson } from './json.ts';
import { describe, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { formatTimestamp } from './timestamp.ts';

export const SHELLS = ['powershell', 'cmd', 'sh', 'pwsh'] as const;
export type Shell = (typeof SHELLS)[number];
export const RUN_AS = ['system', 'user', 'system_gui'] as const;
export type RunAs = (typeof RUN_AS)[number];

export type Staleness =
  | { readonly mode: 'cached' }
  | { readonly mode: 'unchecked' }
  /** A duration as it was sent; one that can't be read counts as 0 when it is used. */
  | { readonly mode: 'strict'; readonly maxCacheAge: string };

export interface Command {
  readonly id: string;
  readonly version: string;
  readonly requestId: SentRequestId;
  readonly execId: SentExecId | null;
  readonly shell: Shell;
  readonly script: string;
  /** As sent: an unsigned 64-bit number, possibly 0. */
  readonly timeoutSecs: number | bigint;
  readonly jitterSecs: number | bigint | null;
  readonly runAs: RunAs;
  /** null: none; an empty one is none too. */
  readonly cwd: string | null;
  readonly deadlineAtNs: bigint | null;
  readonly staleness: Staleness;
  /** Where the script is, when `script` itself is empty. */
  readonly scriptObject: { readonly key: string; readonly sha256: string | null } | null;
  readonly bypassLocalLimit: boolean;
  /** The script is run again where it fails or takes too long (protocol §6.7); null: it is not. */
  readonly retry: Retry | null;
}

/** What of a command has a place of its own in the store, beside its message and its request. */
export function recordOf(command: Command) {
  return {
    execId: command.execId,
    manifestId: command.id,
    version: command.version,
    shell: command.shell,
    runAs: command.runAs,
    bypass: command.bypassLocalLimit,
    // Shown only, and a column holds no more; the script is timed by the command itself.
    timeoutSecs: Math.min(Number(command.timeoutSecs), Number.MAX_SAFE_INTEGER),
  };
}

export interface Retry {
  /** Further attempts after the first. */
  readonly max: number;
  readonly backoffSecs: number;
}

/** What could be read of a command that can't be carried out. `error` is `<field>: <what was expected>`. */
export interface Unreadable {
  readonly ok: false;
  readonly kind: 'undecodable' | 'unsupported';
  readonly requestId: SentRequestId | null;
  readonly execId: SentExecId | null;
  readonly id: string | null;
  readonly version: string | null;
  readonly error: string;
}

export type DecodedCommand = { readonly ok: true; readonly command: Command } | Unreadable;

/** Reads a command message. Never throws. Unknown fields are ignored. */
export function decodeCommand(body: Uint8Array): DecodedCommand {
  return decodeParsed(parseJson(body));
}

/** The same of a message that was parsed already. */
export function decodeParsed(parsed: ParsedJson): DecodedCommand {
  return parsed.ok ? decodeValue(parsed.value) : unreadable('undecodable', parsed.salvaged, parsed.error);
}

/** The same of a command that is a part of another message. */
export function decodeValue(value: JsonValue): DecodedCommand {
  if (!isJsonObject(value)) return unreadable('undecodable', value, `expected an object, found ${describe(value)}`);
  const foreign = foreignKind(value);
  if (foreign !== null) return unreadable('unsupported', value, foreign);
  const fields = new FieldReader(value);
  const command = readCommand(fields);
  const error = fields.has('exec_id') && fields.has('job_id') ? BOTH_EXEC_IDS : fields.problem;
  return error === null ? { ok: true, command } : unreadable('undecodable', value, error);
}

/** An envelope of a kind that nobody here knows; `error` says which one would be known. */
export function unknownEnvelope(parsed: ParsedJson, error: string): Unreadable {
  return unreadable('unsupported', parsed.ok ? parsed.value : parsed.salvaged, error);
}

const BOTH_EXEC_IDS = 'exec_id: expected once, found it also under its other name job_id';

function readCommand(fields: FieldReader): Command {
  return {
    id: fields.string('id'),
    version: fields.string('version'),
    requestId: fields.string('request_id') as SentRequestId,
    execId: fields.nullableString(fields.has('job_id') ? 'job_id' : 'exec_id') as SentExecId | null,
    shell: fields.oneOf('shell', SHELLS),
    script: fields.string('script'),
    timeoutSecs: fields.u64('timeout_secs'),
    jitterSecs: fields.nullableU64('jitter_secs'),
    runAs: fields.has('run_as') ? fields.oneOf('run_as', RUN_AS) : 'system',
    cwd: fields.nullableString('cwd') || null,
    deadlineAtNs: fields.nullableTimestamp('deadline_at'),
    staleness: fields.has('staleness') ? fields.object('staleness', readStaleness) : { mode: 'cached' },
    scriptObject: readScriptObject(fields),
    bypassLocalLimit: fields.nullableBoolean('bypass_local_limit') ?? false,
    // Of 0.101, and a script that can be run once is not refused for it.
    retry: fields.isNone('retry') ? null : fields.aside((aside) => aside.object('retry', readRetry)).value,
  };
}

function readRetry(fields: FieldReader): Retry {
  const backoffSecs = fields.integer('backoff_secs', 0, Number.MAX_SAFE_INTEGER);
  return { max: fields.integer('max', 0, 2 ** 32 - 1), backoffSecs };
}

export function readStaleness(fields: FieldReader): Staleness {
  const mode = fields.oneOf('mode', ['cached', 'unchecked', 'strict']);
  return mode === 'strict' ? { mode, maxCacheAge: fields.string('max_cache_age') } : { mode };
}

function readScriptObject(fields: FieldReader): Command['scriptObject'] {
  const key = fields.nullableString('script_object');
  const sha256 = fields.nullableString('script_object_sha256');
  return key === null ? null : { key, sha256 };
}

/** Why this is something other than a script to run; null if it is one. Presence alone decides, even with null in it. */
function foreignKind(value: JsonObject): string | null {
  const { kind, command_kind: commandKind } = value;
  if (kind !== undefined) return `kind: expected a plain command, found an envelope of kind ${describe(kind)}`;
  if (commandKind !== undefined && commandKind !== 'shell') {
    return `command_kind: expected "shell", found ${describe(commandKind)}`;
  }
  for (const field of ['payload_version', 'operation', 'deploy_authorization']) {
    if (field in value) return `${field}: expected a script to run, found a typed command`;
  }
  return null;
}

function unreadable(kind: Unreadable['kind'], value: unknown, error: string): Unreadable {
  const outer = (value ?? {}) as JsonObject;
  // An envelope names its command inside.
  const { command } = outer;
  const inner = isJsonObject(command) ? command : outer;
  const text = (name: string) => readableText(outer[name] ?? inner[name]);
  return {
    ok: false,
    kind,
    requestId: text('request_id') as SentRequestId | null,
    execId: (text('exec_id') ?? text('job_id')) as SentExecId | null,
    id: text('id'),
    version: text('version'),
    error,
  };
}

/** U+FFFD stands where something could not be read, so such a text is not what was sent. */
function readableText(value: unknown): string | null {
  return typeof value === 'string' && !value.includes('\ufffd') ? value : null;
}

/** The message of a command, in the field order of the fleet. */
export function encodeCommand(command: Command): Uint8Array {
  const { staleness, scriptObject } = command;
  // By hand: JSON.stringify has no way to write an integer beyond 2^53.
  const fields: [string, string | null][] = [
    ['id', quoted(command.id)],
    ['version', quoted(command.version)],
    ['request_id', quoted(command.requestId)],
    ['exec_id', command.execId === null ? 'null' : quoted(command.execId)],
    ['shell', quoted(command.shell)],
    ['script', quoted(command.script)],
    ['timeout_secs', command.timeoutSecs.toString()],
    ['jitter_secs', command.jitterSecs === null ? 'null' : command.jitterSecs.toString()],
    ['run_as', quoted(command.runAs)],
    ['cwd', command.cwd === null ? null : quoted(command.cwd)],
    ['deadline_at', command.deadlineAtNs === null ? null : quoted(formatTimestamp(command.deadlineAtNs))],
    [
      'staleness',
      staleness.mode === 'strict'
        ? `{"mode":"strict","max_cache_age":${quoted(staleness.maxCacheAge)}}`
        : `{"mode":"${staleness.mode}"}`,
    ],
    ['script_object', scriptObject === null ? null : quoted(scriptObject.key)],
    ['script_object_sha256', scriptObject?.sha256 == null ? null : quoted(scriptObject.sha256)],
    ['bypass_local_limit', command.bypassLocalLimit ? 'true' : null],
    [
      'retry',
      command.retry === null ? null : `{"max":${command.retry.max},"backoff_secs":${command.retry.backoffSecs}}`,
    ],
  ];
  const present = fields.filter(([, text]) => text !== null);
  return Buffer.from(`{${present.map(([name, text]) => `"${name}":${text}`).join(',')}}`);
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
