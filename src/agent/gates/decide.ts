/**
 * May this command run now? A pure function of (command, facts, now), in the order of protocol §4.1 (invariant 8).
 */
import { GATES, type GateName, type GateReason } from '../../shared/outcomes.ts';
import type { Command } from '../wire/command.ts';
import { parseDuration } from '../wire/humantime.ts';
import { deadlineText, pinText, revokedText, scriptsOffText, stalenessText, unreadText } from '../wire/result-texts.ts';

/** What the decision needs to know of the world; gathered in `facts.ts`. */
export interface Facts {
  /** `[commands] enabled` and policy `DisableScripts`. */
  readonly scriptsEnabled: boolean;
  /** `[commands] unchecked_honours_revoke`. */
  readonly uncheckedHonoursRevoke: boolean;
  /** How long our view of the fleet has not been confirmed; 0 while connected, Infinity if it never was. Milliseconds. */
  readonly viewAgeMs: number;
  /** The link is good; the age is then that of what could not be read over it. */
  readonly connected: boolean;
  /** The broker has just answered for this command; false: what was known before counts. */
  readonly fresh: boolean;
  /** `script_current[<id>]`, last known; null: not pinned. */
  readonly pinnedVersion: string | null;
  /** `script_status[<id>]`, last known, is exactly `REVOKED`. */
  readonly revoked: boolean;
}

/** A refusal, with everything that its result says. */
export interface Refusal {
  readonly go: false;
  readonly reason: GateReason;
  readonly stderr: string;
}

export type Verdict = { readonly go: true } | Refusal;

type Gate = (command: Command, facts: Facts, nowNs: bigint) => Refusal | null;

const GO: Verdict = { go: true };

const scriptsOff: Gate = (_command, facts) => (facts.scriptsEnabled ? null : refusal('DISABLED', scriptsOffText()));

/** Only `strict` asks; a `max_cache_age` that can't be read counts as 0 (protocol §3.10). */
const staleness: Gate = ({ staleness: policy }, facts) => {
  if (policy.mode !== 'strict') return null;
  const parsed = parseDuration(policy.maxCacheAge);
  const allowedNs = parsed.ok ? parsed.ns : 0n;
  const ageNs = facts.viewAgeMs === Number.POSITIVE_INFINITY ? null : BigInt(Math.round(facts.viewAgeMs * 1e6));
  if (ageNs !== null && ageNs <= allowedNs) return null;
  const text = facts.connected ? unreadText(ageNs, allowedNs) : stalenessText(ageNs, allowedNs);
  return refusal('STALE_VIEW', text);
};

const versionPin: Gate = ({ staleness: { mode }, id, version }, { pinnedVersion }) => {
  if (mode === 'unchecked' || pinnedVersion === null || pinnedVersion === version) return null;
  return refusal('VERSION_PIN', pinText(id, pinnedVersion, version));
};

const revoke: Gate = ({ staleness: { mode }, id }, { revoked, uncheckedHonoursRevoke }) => {
  if (!revoked || (mode === 'unchecked' && !uncheckedHonoursRevoke)) return null;
  return refusal('REVOKED', revokedText(id));
};

/** Exactly at the deadline still runs. */
const deadline: Gate = ({ deadlineAtNs }, _facts, nowNs) => {
  if (deadlineAtNs === null || nowNs <= deadlineAtNs) return null;
  return refusal('DEADLINE', deadlineText(nowNs - deadlineAtNs, deadlineAtNs, nowNs));
};

const BY_NAME: Readonly<Record<GateName, Gate>> = { enabled: scriptsOff, staleness, pin: versionPin, revoke, deadline };
/** In the order of the table. */
const ALL: readonly Gate[] = GATES.map(({ gate }) => BY_NAME[gate]);
const BEFORE_SPAWN: readonly Gate[] = ALL.filter((gate) => gate !== versionPin);

/** The first refusal, or go. */
export function decide(command: Command, facts: Facts, nowNs: bigint): Verdict {
  return firstRefusal(ALL, command, facts, nowNs);
}

/** What is checked again right before the spawn, after jitter and queue (D23); the pin was settled before. */
export function decideBeforeSpawn(command: Command, facts: Facts, nowNs: bigint): Verdict {
  return firstRefusal(BEFORE_SPAWN, command, facts, nowNs);
}

function firstRefusal(gates: readonly Gate[], command: Command, facts: Facts, nowNs: bigint): Verdict {
  for (const gate of gates) {
    const refused = gate(command, facts, nowNs);
    if (refused !== null) return refused;
  }
  return GO;
}

function refusal(reason: GateReason, stderr: string): Refusal {
  return { go: false, reason, stderr };
}
