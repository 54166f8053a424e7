/**
 * What whoever shows the agent remembers of it: whom to call and which PC this is are needed most when the agent is not there, or
 * can't read its settings. Invariant: what is not known never takes the place of what is remembered.
 */
import type { Support } from './about-view.ts';
import type { AgentStatus } from './agent-status.ts';

export interface PcFacts {
  /** The name of the PC in the fleet, else that of the computer. */
  readonly name: string;
  readonly version: string;
  /** null: not known yet. */
  readonly groups: string[] | null;
}

export interface Remembered {
  readonly support: Support | null;
  readonly pc: PcFacts | null;
}

export const NOTHING_REMEMBERED: Remembered = { support: null, pc: null };

/** What is known of this PC: as the agent says it, else as it was; null: nothing was ever known. */
export function knownPc(status: AgentStatus | null, { pc }: Pick<Remembered, 'pc'>): PcFacts | null {
  if (status === null) return pc;
  const { pcId, hostname, groups, agentVersion } = status.identity;
  return { name: pcId ?? pc?.name ?? hostname, version: agentVersion, groups: groups ?? pc?.groups ?? null };
}

/** The contact lines and the hardware; null: whether there are any is not known. */
export function knownSupport(live: Support | null, { support }: Pick<Remembered, 'support'>): Support | null {
  if (live === null) return support;
  return { ...live, hardware: live.hardware ?? support?.hardware ?? null };
}

/** The same with what was just heard. */
export function remember(
  before: Remembered,
  heard: { readonly status?: AgentStatus; readonly support?: Support },
): Remembered {
  const status = heard.status ?? null;
  // Without a name in the fleet it is an agent that does not know its settings.
  const pc = status === null || status.identity.pcId === null ? before.pc : knownPc(status, before);
  const support = heard.support === undefined ? before.support : lasting(knownSupport(heard.support, before));
  return { pc, support };
}

/** Without what is only true for a moment. */
function lasting(support: Support | null): Support | null {
  if (support === null || support.hardware === null) return support;
  return { ...support, hardware: { ...support.hardware, disks: [], unread: [], bootedAtMs: null } };
}
