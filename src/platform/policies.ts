/**
 * What IT lays down for this PC (architecture §8): values of a registry key that a group policy fills, or a file that only
 * root can write. Invariant: what can't be understood is never taken for "not set": IT has meant something by it. It is a problem,
 * and an agent with a problem in its settings takes no command.
 */
import { errorText } from '../base/logger.ts';
import { machineRegistry, type Registry, type RegistryValue } from './registry.ts';
import { readTrustedFile, SECRETS_KEY } from './secrets.ts';

export const POLICY_FILE = '/etc/kanade-tray/policy.json';
export const POLICY_KEY = 'SOFTWARE\\Policies\\Kanade Tray';
const SIGNED_SWITCH_FILE = '/etc/kanade/require-signed-commands';
const MAX_POLICY_BYTES = 1024 * 1024;
const TRUSTED_FILE = 'a file that can be read, and that root alone can write';
// Numbers of winerror.h.
const ERROR_ACCESS_DENIED = 5;
const ERROR_UNSUPPORTED_TYPE = 1630;

/** A value that is there, and of which nobody knows what it says; `why` in words. */
export class UnreadableValue {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export interface PolicyValue {
  /** Possibly an {@link UnreadableValue}. */
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
  /** What was left out: names that this version does not know. */
  readonly ignored: readonly PolicyProblem[];
  /** What makes the policies unreadable; `text` completes "expected …". */
  readonly problems: readonly PolicyProblem[];
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
  for (const name of names) {
    const value = understood(registry.read(POLICY_KEY, name));
    if (value !== undefined) values.set(name, { value, file, line: null });
  }
  return { values, ignored: [], problems: [] };
}

function understood(found: RegistryValue): string | number | UnreadableValue | undefined {
  switch (found.kind) {
    case 'absent':
      return undefined;
    case 'text':
      return found.text;
    case 'number':
      return found.value;
    case 'error':
      return new UnreadableValue(
        found.code === ERROR_UNSUPPORTED_TYPE
          ? 'a value of another kind than REG_SZ and REG_DWORD'
          : `a value that can't be read (Windows error ${found.code})`,
      );
  }
}

function fromFile(names: ReadonlySet<string>, file: string): PolicyReading {
  const none = { values: new Map<string, PolicyValue>(), ignored: [], problems: [] };
  const found = readTrustedFile(file, { owners: 'root', maxBytes: MAX_POLICY_BYTES, wholeWay: true });
  if (found.kind === 'missing') return none;
  if (found.kind === 'refused') {
    return { ...none, problems: [{ file, line: null, key: 'policies', text: `${TRUSTED_FILE}; it ${found.why}` }] };
  }
  const parsed = parseObject(found.text);
  if (!parsed.ok) return { ...none, problems: [{ file, line: parsed.line, key: 'policies', text: parsed.expected }] };
  const values = new Map<string, PolicyValue>();
  const ignored: PolicyProblem[] = [];
  for (const [name, value] of Object.entries(parsed.object)) {
    const line = lineOfName(found.text, name);
    if (names.has(name)) values.set(name, { value, file, line });
    else ignored.push({ file, line, key: name, text: 'not a policy that this version knows, ignored' });
  }
  return { values, ignored, problems: [] };
}

function parseObject(text: string) {
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object === 'object' && object !== null && !Array.isArray(object)) return { ok: true, object } as const;
    return { ok: false, line: 1, expected: 'a JSON object of policy names and values' } as const;
  } catch (error) {
    const message = errorText(error);
    return { ok: false, line: wrongLine(text), expected: `valid JSON (${message})` } as const;
  }
}

/** The first line up to which the text can't be the beginning of any JSON; V8 itself often names no place. */
function wrongLine(text: string): number {
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

export interface SignedCommandsSwitch {
  /** Where it is set. */
  readonly file: string;
  /** What was found there, where that is no plain yes; it counts as one. */
  readonly odd: string | null;
}

export interface SwitchSource extends PolicySource {
  /** Whether this account may be without the right to read it: that of a person, in tray mode. */
  readonly mayBeDenied: boolean;
}

/**
 * The switch of the original that requires signed commands (protocol §11.4); null: not set. Only a plain no, or nothing at all, is
 * "not set": what can't be understood or read counts as set, except where this account has no right to read it.
 */
export function signedCommandsSwitch(source: SwitchSource): SignedCommandsSwitch | null {
  if (source.platform !== 'win32') return switchFile(source.file ?? SIGNED_SWITCH_FILE);
  const file = `HKLM\\${SECRETS_KEY}`;
  const found = (source.registry ?? machineRegistry()).read(SECRETS_KEY, 'RequireSignedCommands');
  if (found.kind === 'error' && found.code === ERROR_ACCESS_DENIED && source.mayBeDenied) return null;
  const value = understood(found);
  if (value === undefined) return null;
  return value instanceof UnreadableValue ? { file, odd: value.why } : switchedBy(file, value);
}

/** One that somebody else could have written counts as set, as for the original: they would else have switched it off. */
function switchFile(file: string): SignedCommandsSwitch | null {
  const found = readTrustedFile(file, { owners: 'root', maxBytes: MAX_POLICY_BYTES, wholeWay: true });
  switch (found.kind) {
    case 'missing':
      return null;
    case 'refused':
      return { file, odd: null };
    case 'ok':
      return switchedBy(file, found.text);
  }
}

function switchedBy(file: string, value: string | number): SignedCommandsSwitch | null {
  const text = String(value).trim().toLowerCase();
  if (['0', 'false', 'no'].includes(text)) return null;
  return { file, odd: ['1', 'true', 'yes'].includes(text) ? null : JSON.stringify(value) };
}
