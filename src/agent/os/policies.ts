/**
 * What IT lays down for this PC (design §8): values of a registry key that a group policy fills, or a file that only
 * root can write. A file that somebody else could have written is no policy.
 */
import { machineRegistry, type Registry } from './registry.ts';
import { readTrustedFile, SECRETS_KEY } from './secrets.ts';

export const POLICY_FILE = '/etc/kanade-tray/policy.json';
export const POLICY_KEY = 'SOFTWARE\\Policies\\Kanade Tray';
const SIGNED_SWITCH_FILE = '/etc/kanade/require-signed-commands';
const MAX_POLICY_BYTES = 1024 * 1024;

export interface PolicyValue {
  readonly value: unknown;
  /** The file or the registry key. */
  readonly file: string;
  readonly line: number | null;
}

/** `key` is the name of a policy, or of what can't be used; `text` says why. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number | null;
  readonly key: string;
  readonly text: string;
}

export interface PolicyReading {
  readonly values: ReadonlyMap<string, PolicyValue>;
  /** What was left out. */
  readonly ignored: readonly PolicyProblem[];
  /** What makes the policies unreadable; `text` completes "expected …". */
  readonly faults: readonly PolicyProblem[];
}

export interface PolicySource {
  readonly platform: NodeJS.Platform;
  readonly file?: string;
  readonly registry?: Registry;
}

/** Reads the policies `names`; others that are there are reported as ignored (the registry is asked for `names` only). */
export function readPolicies(names: ReadonlySet<string>, source: PolicySource): PolicyReading {
  if (source.platform === 'win32') return fromRegistry(names, source.registry ?? machineRegistry());
  return fromFile(names, source.file ?? POLICY_FILE);
}

function fromRegistry(names: ReadonlySet<string>, registry: Registry): PolicyReading {
  const file = `HKLM\\${POLICY_KEY}`;
  const values = new Map<string, PolicyValue>();
  const ignored: PolicyProblem[] = [];
  for (const name of names) {
    const found = registry.read(POLICY_KEY, name);
    if (found.kind === 'text') values.set(name, { value: found.text, file, line: null });
    if (found.kind === 'number') values.set(name, { value: found.value, file, line: null });
    if (found.kind === 'error') {
      ignored.push({ file, line: null, key: name, text: `can't be read (Windows error ${found.code}), ignored` });
    }
  }
  return { values, ignored, faults: [] };
}

function fromFile(names: ReadonlySet<string>, file: string): PolicyReading {
  const none = { values: new Map<string, PolicyValue>(), ignored: [], faults: [] };
  const found = readTrustedFile(file, { owners: 'root', maxBytes: MAX_POLICY_BYTES });
  if (found.kind === 'missing') return none;
  if (found.kind === 'refused') {
    return {
      ...none,
      ignored: [{ file, line: null, key: 'policies', text: `ignored, because the file ${found.why}` }],
    };
  }
  const parsed = parseObject(found.text);
  if (!parsed.ok) return { ...none, faults: [{ file, line: parsed.line, key: 'policies', text: parsed.expected }] };
  const values = new Map<string, PolicyValue>();
  const ignored: PolicyProblem[] = [];
  for (const [name, value] of Object.entries(parsed.object)) {
    const line = lineOfName(found.text, name);
    if (names.has(name)) values.set(name, { value, file, line });
    else ignored.push({ file, line, key: name, text: 'not a policy that this version knows, ignored' });
  }
  return { values, ignored, faults: [] };
}

function parseObject(text: string) {
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object === 'object' && object !== null && !Array.isArray(object)) return { ok: true, object } as const;
    return { ok: false, line: 1, expected: 'a JSON object of policy names and values' } as const;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, line: faultyLine(text), expected: `valid JSON (${message})` } as const;
  }
}

/** The first line up to which the text can't be the beginning of any JSON; V8 itself often names no place. */
function faultyLine(text: string): number {
  const lines = text.split('\n');
  let good = 0;
  let bad = lines.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(`${lines.slice(0, middle).join('\n')}\n`)) good = middle;
    else bad = middle;
  }
  return bad;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = String(error);
    const position = /at position (\d+)/.exec(message)?.[1];
    return message.includes('Unexpected end') || Number(position) >= text.length;
  }
}

function lineOfName(text: string, name: string): number | null {
  const at = text.indexOf(JSON.stringify(name));
  return at < 0 ? null : text.slice(0, at).split('\n').length;
}

/**
 * The switch of the original that requires signed commands (security S6): where it is set, or null. What can't be looked
 * at counts as set, except that an account without rights can't read the machine's key.
 */
export function signedCommandsSwitch(source: PolicySource): string | null {
  if (source.platform === 'win32') {
    const value = (source.registry ?? machineRegistry()).read(SECRETS_KEY, 'RequireSignedCommands');
    const set =
      (value.kind === 'number' && value.value === 1) ||
      (value.kind === 'text' && /^\s*(1|true|yes)\s*$/i.test(value.text));
    return set ? `HKLM\\${SECRETS_KEY}` : null;
  }
  const file = source.file ?? SIGNED_SWITCH_FILE;
  return readTrustedFile(file, { owners: 'root', maxBytes: MAX_POLICY_BYTES }).kind === 'missing' ? null : file;
}
