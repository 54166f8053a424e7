/**
 * What a result says in stderr where the agent itself has something to say: the wording that fleets search for (protocol
 * §4.2, §12.2, D2, D4, D25; architecture §3). Each text is here once.
 */
import type { Reason } from '../../shared/outcomes.ts';
import type { RefusedSignature } from '../../shared/signatures.ts';
import { DURATION_MAX, formatDuration } from './humantime.ts';
import { formatTimestampText } from './timestamp.ts';

const NO_OUTCOME = 'command failed before it produced an outcome';

export const killedText = (execId: string) => `killed by remote signal (kill.${execId})`;

/** `timeoutSecs` as the command had it, although 0 runs for 1 s. */
export const timeoutText = (timeoutSecs: number | bigint) => `timeout after ${timeoutSecs}s`;

/** Nanoseconds; `ageNs` null: never connected. */
export function stalenessText(ageNs: bigint | null, allowedNs: bigint): string {
  const age = formatDuration(ageNs ?? DURATION_MAX);
  const allowed = formatDuration(allowedNs);
  return `skipped: staleness policy (mode=strict) exceeded — agent has been disconnected for ${age}, max allowed ${allowed}`;
}

/** The link is good, and what the broker keeps of this script can't be read; null: it never was. */
export function unreadText(ageNs: bigint | null, allowedNs: bigint): string {
  const age = ageNs === null ? 'ever' : `for ${formatDuration(ageNs)}`;
  const allowed = formatDuration(allowedNs);
  return `skipped: staleness policy (mode=strict) exceeded — agent has not been able to read the state of this command ${age}, max allowed ${allowed}`;
}

/** Nanoseconds; the last two since the epoch. */
export function deadlineText(lateNs: bigint, deadlineNs: bigint, receivedNs: bigint): string {
  const times = `deadline ${formatTimestampText(deadlineNs)}, received ${formatTimestampText(receivedNs)}`;
  return `skipped: starting deadline expired ${formatDuration(lateNs)} ago (${times})`;
}

export const pinText = (id: string, pinned: string, brought: string) =>
  `skipped: version-pin mismatch — script_current[${id}] = ${pinned}, command brought ${brought}`;

export const revokedText = (id: string) => `skipped: command was revoked (script_status[${id}] = revoked)`;

export const interruptedText = () =>
  'agent restarted during execution; outcome unknown (the command is not relaunched automatically)';

const RUN_AS_NAMES = { system: 'System', user: 'User', system_gui: 'SystemGui' } as const;
const OS_NAMES: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

/** `run_as` that this PC has no way to provide. */
export const unsupportedRunAsText = (runAs: keyof typeof RUN_AS_NAMES, platform: NodeJS.Platform) =>
  `skipped: run_as ${RUN_AS_NAMES[runAs]} is not supported on ${OS_NAMES[platform] ?? platform} agents`;

/** A typed command or an envelope; `error` is that of its decoder. */
export const unsupportedCommandText = (error: string) =>
  `skipped: this kind of command is not supported by this agent (${error})`;

/** Requirements of a schedule that can't be told on this system (protocol §6.5). */
export const gatesNotHereText = (gates: readonly string[], platform: NodeJS.Platform) =>
  `skipped: ${gates.join(', ')} cannot be evaluated on ${platformName(platform)} — not running (fail-closed)`;

/** Events of a schedule that this system does not tell of. */
export const triggersNotHereText = (triggers: readonly string[], platform: NodeJS.Platform) =>
  `skipped: when.on [${triggers.join(',')}] never fires on ${platformName(platform)} — this OS has no ${triggers.join('/')} source`;

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows', darwin: 'macos' };
const platformName = (platform: NodeJS.Platform) => PLATFORMS[platform] ?? platform;

export const scriptObjectText = (key: string, why: string) => `skipped: script object ${key} can not be used: ${why}`;

export const scriptsOffText = () => 'skipped: scripts are switched off on this PC by policy';

/** Where IT puts the keys of those who may send commands. */
export const commandKeysPlace = (platform: NodeJS.Platform) =>
  platform === 'win32' ? 'HKLM\\SOFTWARE\\kanade\\agent\\CommandKeys' : '/etc/kanade/command-keys.json';

const SIGNATURE_REASONS: Readonly<Record<RefusedSignature, (platform: NodeJS.Platform) => string>> = {
  absent: () =>
    'command carried no signature, and this host requires one. If this came from `kanade run`, set the break-glass key; if from the backend, that backend is not signing yet.',
  unprovisioned: (platform) =>
    `this host requires signed commands but holds no command-signing keys, so nothing can be verified. Re-provision ${commandKeysPlace(platform)} locally; it reloads without a restart.`,
  unknown_key: () =>
    'signed by a key this host does not have — it likely missed a rotation. Re-run the keyring provisioning for this machine.',
  invalid: () =>
    'signature does not match these bytes. Either the command was tampered with in flight or it was signed by a key that is not the one it claims.',
  stale: () =>
    "signature is outside its freshness window. Most often the clocks disagree — compare this host's time with the signing host's before assuming a replay.",
  clock_ahead: () =>
    "envelope was signed further in the future than this host's clock allowance. This host's clock is probably behind the signer's — check its time before assuming tampering.",
  expired: () =>
    "envelope's start deadline has passed. Re-issue the command; if it was issued moments ago, this host's clock is probably ahead of the signer's.",
  misaddressed: () =>
    'envelope names a different host as its recipient, so this host will not run it. A captured command re-sent here is refused by design.',
  envelope_rejected: () =>
    'envelope is malformed or outside the accepted validity window (no recipient or expiry, reversed range, or longer than the ceiling). Re-issue it from the current backend key.',
};

/** Exactly the words of the original (protocol §11.4). */
export const signatureText = (state: RefusedSignature, platform: NodeJS.Platform) =>
  `refused: ${SIGNATURE_REASONS[state](platform)}`;

/** `error` is that of the decoder: `<field>: <what was expected>`. */
export const cannotReadText = (error: string) => `refused: cannot read command: ${error}`;

export const spawnFailedText = (cause: string) => `${NO_OUTCOME}: ${cause}`;

export const noUserText = () => `${NO_OUTCOME}: no user is signed in`;

export const agentStoppedText = () => 'stopped: the agent is shutting down';

const ON_RETRY = '(#418 on_failure.retry)';
const retriesOf = (count: number) => `${count} ${count === 1 ? 'retry' : 'retries'}`;

/** Of one that failed and would have been run once more. */
export const retriesPastDeadlineText = (retries: number) =>
  `failed after ${retriesOf(retries)}, starting deadline expired ${ON_RETRY}`;

/** What is said of a script that was run again (protocol §6.7); null: nothing is, of such an end. */
export function retriesText(reason: Reason, retries: number): string | null {
  const count = retriesOf(retries);
  if (reason === 'DONE') return `succeeded after ${count} ${ON_RETRY}`;
  if (reason === 'FAILED' || reason === 'TIMEOUT') return `failed after ${count} exhausted ${ON_RETRY}`;
  return reason === 'KILLED' ? `stopped by remote kill after ${count} ${ON_RETRY}` : null;
}

/** Captured stderr with one of these notes behind it; no newline at the end (protocol §4.2, "Note placement"). */
export function appendNote(stderr: string, note: string): string {
  return stderr === '' ? note : `${stderr}\n${note}`;
}
