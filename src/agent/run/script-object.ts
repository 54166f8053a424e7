import { hash } from 'node:crypto';
import type { Bus } from '../bus/bus.ts';
import type { Command } from '../wire/command.ts';
import { scriptObjectText } from '../wire/result-texts.ts';

const BUCKET = 'scripts';
/** Far above any script, far below what would hurt. */
const MAX_BYTES = 16 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 30_000;

/** `mayPass`: it may be had a little later. */
export type LoadedScript =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string; readonly mayPass: boolean };

/**
 * The text to run: the command's own, or the object that it names, fetched and verified. An object that can't be is never
 * run as the empty script that stands in its place (protocol §12.1). `isOwnFire`: a schedule of this PC has fired it, and its job
 * names no SHA-256; then the object store's own digest, which is checked with each read, is all there is.
 */
export async function loadScript(
  command: Command,
  bus: Bus,
  signal: AbortSignal,
  isOwnFire = false,
): Promise<LoadedScript> {
  const wanted = command.scriptObject;
  if (wanted === null) return { ok: true, text: command.script };
  const refuse = (why: string, mayPass = false): LoadedScript => {
    return { ok: false, why: scriptObjectText(wanted.key, why), mayPass };
  };
  if (wanted.sha256 === null && !isOwnFire) return refuse('no SHA-256 is given for it');
  const enough = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  const read = await bus.objectGet(BUCKET, wanted.key, MAX_BYTES, enough);
  signal.throwIfAborted();
  if (read.kind === 'absent') return refuse('it does not exist');
  if (read.kind === 'failed') return refuse(read.why, read.mayPass);
  const isAsSaid = wanted.sha256 === null || hash('sha256', read.body) === wanted.sha256;
  if (!isAsSaid) return refuse('its content is not what the command says');
  return { ok: true, text: new TextDecoder().decode(read.body) };
}
