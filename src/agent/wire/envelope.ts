/**
 * A command in its signed envelope (protocol §11.4): one that names the PC it is for, and how long it may be started. Here is only
 * its form; whether its signature and its times hold is the business of `agent/signing`.
 */
import { type Command, type DecodedCommand, decodeParsed, decodeValue } from './command.ts';
import { type ParsedJson, parseJson } from './json.ts';
import { describe, isJsonObject, type JsonObject } from './json-value.ts';
import { parseTimestamp } from './timestamp.ts';

export const ENVELOPE_KIND = 'kanade.command.v2';
const FIELDS: ReadonlySet<string> = new Set(['kind', 'target_pc_id', 'expires_at', 'command']);

/** `why` is for the log. */
export type EnvelopeReading =
  /** The message of an object without `kind`, or none that can be read. */
  | { readonly form: 'plain' }
  /** An envelope that nobody here knows. */
  | { readonly form: 'unknown'; readonly why: string }
  | { readonly form: 'rejected'; readonly why: string }
  | { readonly form: 'misaddressed'; readonly why: string }
  /** The deadline of the command is the earlier one of its own and that of the envelope. */
  | { readonly form: 'envelope'; readonly command: Command; readonly expiresAtNs: bigint };

/** Reads the form of a message for `pcId`; null: for whichever PC it is. Presence of `kind` alone makes an envelope. */
export function readEnvelope(parsed: ParsedJson, pcId: string | null): EnvelopeReading {
  const outer = parsed.ok ? parsed.value : parsed.salvaged;
  if (!isJsonObject(outer) || !('kind' in outer)) return { form: 'plain' };
  if (!parsed.ok) return rejected(parsed.error);
  if (outer.kind !== ENVELOPE_KIND) {
    return { form: 'unknown', why: `kind: expected "${ENVELOPE_KIND}", found ${describe(outer.kind)}` };
  }
  const odd = Object.keys(outer).find((field) => !FIELDS.has(field));
  if (odd !== undefined) return rejected(`${odd.slice(0, 64)}: expected nothing of this name`);
  return readFields(outer, pcId);
}

function readFields(outer: JsonObject, pcId: string | null): EnvelopeReading {
  const { target_pc_id: target, expires_at: expires, command } = outer;
  if (typeof target !== 'string' || target === '') return rejected('target_pc_id: expected the PC that it is for');
  if (pcId !== null && target !== pcId) return { form: 'misaddressed', why: `it is for ${describe(target)}` };
  const expiresAtNs = typeof expires === 'string' ? parseTimestamp(expires) : undefined;
  if (expiresAtNs === undefined) return rejected('expires_at: expected a time such as 2026-11-24T03:00:00Z');
  const decoded = decodeValue(command ?? null);
  if (!decoded.ok) return rejected(`command.${decoded.error}`);
  const { deadlineAtNs } = decoded.command;
  const deadline = deadlineAtNs === null || deadlineAtNs > expiresAtNs ? expiresAtNs : deadlineAtNs;
  return { form: 'envelope', command: { ...decoded.command, deadlineAtNs: deadline }, expiresAtNs };
}

function rejected(why: string): EnvelopeReading {
  return { form: 'rejected', why };
}

/** A message that was admitted, as it came: plain, or in its envelope, which was checked then. */
export function decodeAdmitted(body: Uint8Array): DecodedCommand {
  const parsed = parseJson(body);
  const reading = readEnvelope(parsed, null);
  return reading.form === 'envelope' ? { ok: true, command: reading.command } : decodeParsed(parsed);
}
