/**
 * A job of the bucket `jobs` as something to run on this PC (protocol §3.6, protocol §6.3). What only the backend looks at is
 * let be, and so is every field that is not known (D30).
 */
import { NS_PER_SECOND } from '../../shared/time-units.ts';
import { RUN_AS, type RunAs, readStaleness, SHELLS, type Shell, type Staleness } from './command.ts';
import { type Decoded, decodeObject, type FieldReader } from './fields.ts';
import { parseDuration } from './humantime.ts';

export interface Job {
  readonly id: string;
  readonly version: string;
  readonly description: string | null;
  readonly shell: Shell;
  readonly script: string;
  readonly scriptObject: { readonly key: string; readonly sha256: string | null } | null;
  readonly timeoutSecs: number;
  readonly runAs: RunAs;
  readonly cwd: string | null;
  readonly bypassLocalLimit: boolean;
  readonly staleness: Staleness;
}

const DEFAULT_TIMEOUT_SECS = 60;

export function decodeJob(body: Uint8Array): Decoded<'job', Job> {
  return decodeObject(body, 'job', (fields) => ({
    id: fields.string('id'),
    version: fields.string('version'),
    description: fields.nullableString('description'),
    staleness: fields.isNone('staleness') ? { mode: 'cached' } : fields.object('staleness', readStaleness),
    ...fields.object('execute', readExecute),
  }));
}

function readExecute(execute: FieldReader): Omit<Job, 'id' | 'version' | 'description' | 'staleness'> {
  const object = execute.nullableString('script_object');
  // A typed operation has a kind of its own, and no script.
  if (!execute.isNone('kind')) execute.oneOf('kind', ['shell', 'script']);
  return {
    shell: execute.oneOf('shell', SHELLS),
    script: object === null ? execute.string('script') : '',
    scriptObject: object === null ? null : { key: object, sha256: execute.nullableString('script_object_sha256') },
    timeoutSecs: wholeSeconds(execute.string('timeout')) ?? DEFAULT_TIMEOUT_SECS,
    runAs: execute.has('run_as') ? execute.oneOf('run_as', RUN_AS) : 'system',
    cwd: execute.nullableString('cwd') || null,
    bypassLocalLimit: execute.nullableBoolean('bypass_local_limit') ?? false,
  };
}

/** Whole seconds of a duration, at most what a number holds exactly; null: it can't be read. */
export function wholeSeconds(text: string): number | null {
  const parsed = parseDuration(text);
  return parsed.ok ? Math.min(Number(parsed.ns / NS_PER_SECOND), Number.MAX_SAFE_INTEGER) : null;
}
