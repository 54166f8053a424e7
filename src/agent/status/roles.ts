/**
 * Who may call what. The account comes from the token that was proven, never from what a client says; the kind of client
 * is no boundary within one account (architecture §5). What a role may *see* is in `views.ts`.
 */
import type { ClientKind, MethodRule, Role } from '../../shared/contract.ts';
import { Fault } from '../../shared/faults.ts';

/** One connection after its handshake. */
export interface Principal {
  /** A uid or a SID. */
  readonly account: string;
  readonly client: ClientKind;
  /** Proved the secret that only the process which started the agent has. */
  readonly isHost: boolean;
  /** The agent's own account, root, or the Administrators. */
  readonly isPrivileged: boolean;
  /** root or the Administrators. */
  readonly isAdministrator: boolean;
  /** Until when the helpdesk code opened this connection, ms since the epoch; null: it did not. */
  readonly unlockedUntilMs: number | null;
}

/**
 * `helpdesk`: by the code, or without it for root, Administrators and the agent's own account on the command line; the
 * window always asks for the code (architecture §5).
 */
export function rolesOf(principal: Principal, nowMs: number): Role[] {
  const roles: Role[] = ['user'];
  if (isHelpdesk(principal, nowMs)) roles.push('helpdesk');
  if (principal.isHost) roles.push('host');
  return roles;
}

export function isHelpdesk(principal: Principal, nowMs: number): boolean {
  if (principal.client === 'cli' && principal.isPrivileged) return true;
  return principal.unlockedUntilMs !== null && nowMs < principal.unlockedUntilMs;
}

/** The error for a principal without the role, naming the one it takes; null: go on. */
export function missingRole(rule: MethodRule, principal: Principal, nowMs: number): Fault | null {
  const { needs } = rule;
  if (needs === 'administration') {
    return principal.isHost || principal.isAdministrator ? null : roleNeeded('host');
  }
  return rolesOf(principal, nowMs).includes(needs) ? null : roleNeeded(needs);
}

export function roleNeeded(role: Role): Fault {
  return new Fault('role_needed', `this needs the role ${role}`, { role });
}
