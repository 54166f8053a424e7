/** What the scenes of the demo have in common. */
import type { NatsConnection } from '@nats-io/transport-node';
import { type ExecResult, putKey } from './fleet.ts';
import type { LocalFleet } from './local-fleet.ts';
import { inWords } from './result-in-words.ts';
import type { Patience } from './waiting.ts';

export interface Outcome {
  readonly title: string;
  readonly ok: boolean;
  readonly words: string;
}
export interface Scene {
  readonly title: string;
  readonly run: (fleet: LocalFleet, signal: AbortSignal) => Promise<readonly Outcome[]>;
}

export const WINDOWS = process.platform === 'win32';
const UNTIL_MS = 20_000;

export function script(sh: string, cmd: string) {
  return WINDOWS ? cmd : sh;
}

export function outcome(title: string, result: ExecResult, ok: boolean): Outcome {
  return { title, ok, words: inWords(result) };
}

/** Puts the job where operators' tools would have put it, so that its description is known. */
export async function describeJob(nc: NatsConnection, job: string, description: string, execute?: object) {
  await putKey(nc, 'jobs', job, { id: job, version: '1.0.0', description, ...(execute && { execute }) });
}

export function patience(signal: AbortSignal): Patience {
  return { timeoutMs: UNTIL_MS, signal };
}
