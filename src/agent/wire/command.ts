/**
 * The Command message (protocol §3.1, §12.1). Decoded by hand: it is on the path of every command, and a refusal must name
 * the field while the ids are still read as far as they can be.
 */
import { choice, FieldFault, fault, optionalText, optionalU64, text, u64 } from './fields.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

export const SHELLS = ['powershell', 'cmd', 'sh', 'pwsh'] as const;
export const RUN_AS = ['system', 'user', 'system_gui'] as const;

export type Staleness =
  | { readonly mode: 'cached' }
  | { readonly mode: 'unchecked' }
  /** `maxCacheAge` is a duration; one that can't be read counts as 0 (protocol §3.10). */
  | { readonly mode: 'strict'; readonly maxCacheAge: string };

export interface Command {
  readonly id: string;
  readonly version: string;
  readonly requestId: string;
  readonly execId: string | null;
  readonly shell: (typeof SHELLS)[number];
  readonly script: string;
  /** As it came: any u64. */
  readonly timeoutSecs: number | bigint;
  readonly jitterSecs: number | bigint | null;
  readonly runAs: (typeof RUN_AS)[number];
  readonly cwd: string | null;
  /** ns since the epoch. */
  readonly deadlineAtNs: bigint | null;
  readonly staleness: Staleness;
  /** The script lies in the object store `scripts`, and `script` is empty. */
  readonly scriptObject: { readonly key: string; readonly sha256: string | null } | null;
  readonly bypassLocalLimit: boolean;
}

export type DecodedCommand =
  | { readonly ok: true; readonly command: Command }
  | {
      readonly ok: false;
      /** `unsupported`: readable, but of a type that must not be run as a script. */
      readonly kind: 'undecodable' | 'unsupported';
      /** Ids as far as they could be read. */
      readonly requestId: string | null;
      readonly execId: string | null;
      readonly id: string | null;
      readonly version: string | null;
      /** `<field>: <what was expected>`. */
      readonly error: string;
    };

const NO_IDS = { requestId: null, execId: null, id: null, version: null };
/** Their presence, even as null, forbids a run as a script. */
const TYPED_FIELDS = ['payload_version', 'operation', 'deploy_authorization'];

export function decodeCommand(body: Uint8Array): DecodedCommand {
  const parsed = parseJson(body);
  if (!parsed.ok) return { ok: false, kind: 'undecodable', ...NO_IDS, error: `message: ${parsed.error}` };
  const object = parsed.value;
  if (!isJsonObject(object)) {
    return { ok: false, kind: 'undecodable', ...NO_IDS, error: 'message: expected an object' };
  }
  const typed = typedBy(object);
  if (typed !== null) return { ok: false, kind: 'unsupported', ...idsOf(object), error: typed };
  try {
    return { ok: true, command: commandOf(object) };
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    return { ok: false, kind: 'undecodable', ...idsOf(object), error: error.message };
  }
}

function typedBy(object: JsonObject): string | null {
  if ('kind' in object) return 'a signed envelope';
  const kind = object.command_kind;
  if (kind !== undefined && kind !== 'shell') return `command_kind ${JSON.stringify(kind)}`;
  return TYPED_FIELDS.find((field) => field in object) ?? null;
}

function idsOf(object: JsonObject) {
  const read = (value: JsonValue | undefined) => (typeof value === 'string' ? value : null);
  return {
    requestId: read(object.request_id),
    execId: read(object.exec_id ?? object.job_id),
    id: read(object.id),
    version: read(object.version),
  };
}

function commandOf(object: JsonObject): Command {
  if ('exec_id' in object && 'job_id' in object) {
    throw new FieldFault('exec_id: expected it once, found it also as job_id');
  }
  const key = optionalText(object, 'script_object');
  return {
    id: text(object, 'id'),
    version: text(object, 'version'),
    requestId: text(object, 'request_id'),
    execId: optionalText(object, 'exec_id') ?? optionalText(object, 'job_id'),
    shell: choice(object, 'shell', SHELLS),
    script: text(object, 'script'),
    timeoutSecs: u64(object, 'timeout_secs'),
    jitterSecs: optionalU64(object, 'jitter_secs'),
    runAs: choice(object, 'run_as', RUN_AS, 'system'),
    cwd: optionalText(object, 'cwd') || null,
    deadlineAtNs: deadlineOf(object),
    staleness: stalenessOf(object.staleness),
    scriptObject: key === null ? null : { key, sha256: optionalText(object, 'script_object_sha256') },
    bypassLocalLimit: object.bypass_local_limit === true,
  };
}

function deadlineOf(object: JsonObject): bigint | null {
  const value = optionalText(object, 'deadline_at');
  if (value === null) return null;
  const ns = parseTimestamp(value);
  if (ns === undefined) throw fault('deadline_at', 'an RFC 3339 time', value);
  return ns;
}

function stalenessOf(value: JsonValue | undefined): Staleness {
  if (value === undefined) return { mode: 'cached' };
  if (!isJsonObject(value)) throw fault('staleness', 'an object with a mode', value);
  switch (value.mode) {
    case 'cached':
    case 'unchecked':
      return { mode: value.mode };
    case 'strict':
      if (typeof value.max_cache_age !== 'string') {
        throw fault('staleness.max_cache_age', 'a duration', value.max_cache_age);
      }
      return { mode: 'strict', maxCacheAge: value.max_cache_age };
    default:
      throw fault('staleness.mode', '"cached", "strict", "unchecked"', value.mode);
  }
}

/** As the original writes it: its field order, `exec_id` and `jitter_secs` as null when absent. */
export function encodeCommand(command: Command): Uint8Array {
  const { staleness } = command;
  const fields = [
    ['id', JSON.stringify(command.id)],
    ['version', JSON.stringify(command.version)],
    ['request_id', JSON.stringify(command.requestId)],
    ['exec_id', JSON.stringify(command.execId)],
    ['shell', JSON.stringify(command.shell)],
    ['script', JSON.stringify(command.script)],
    ['timeout_secs', String(command.timeoutSecs)],
    ['jitter_secs', String(command.jitterSecs)],
    ['run_as', JSON.stringify(command.runAs)],
    ['cwd', command.cwd === null ? null : JSON.stringify(command.cwd)],
    ['deadline_at', command.deadlineAtNs === null ? null : `"${formatTimestamp(command.deadlineAtNs)}"`],
    [
      'staleness',
      staleness.mode === 'strict'
        ? `{"mode":"strict","max_cache_age":${JSON.stringify(staleness.maxCacheAge)}}`
        : `{"mode":"${staleness.mode}"}`,
    ],
    ['script_object', command.scriptObject === null ? null : JSON.stringify(command.scriptObject.key)],
    [
      'script_object_sha256',
      typeof command.scriptObject?.sha256 === 'string' ? JSON.stringify(command.scriptObject.sha256) : null,
    ],
    ['bypass_local_limit', command.bypassLocalLimit ? 'true' : null],
  ];
  const written = fields.filter(([, value]) => value !== null).map(([name, value]) => `"${name}":${value}`);
  return Buffer.from(`{${written.join(',')}}`);
}
