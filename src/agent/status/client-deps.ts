/** What a connection works with, and what a method gets to know of the connection that calls it. */
import type { Fault } from '../../shared/faults.ts';
import type { AccountShare, Turn } from './account-share.ts';
import type { Helpdesk } from './helpdesk.ts';
import type { OutputReaders } from './output-reader.ts';
import type { StatusPorts } from './ports.ts';
import type { Projection } from './projection.ts';
import type { Principal } from './roles.ts';

/** What all connections of one listener share. */
export interface ClientDeps {
  readonly ports: StatusPorts;
  readonly projection: Projection;
  readonly helpdesk: Helpdesk;
  readonly outputs: OutputReaders;
  /** Whose listener it is: a uid or a SID. */
  readonly account: string;
  readonly share: AccountShare;
  /** Both as they stand in the account's endpoint file. */
  readonly address: string;
  readonly token: Uint8Array;
  /** The account that the agent runs as. */
  readonly ownAccount: string;
  readonly isAdministrator: (account: string) => boolean;
  /** Known only to the process that started the agent; null: it gave none. */
  readonly hostSecret: Uint8Array | null;
  /** Told when the proofs hold; a Fault refuses the connection after all. */
  readonly onProven: () => Fault | null;
}

/** The connection that calls. */
export interface Caller {
  readonly principal: Principal;
  readonly deps: ClientDeps;
  /** Between two steps of what may be long. */
  readonly turn: Turn;
  readonly subscribe: () => void;
  readonly unsubscribe: () => void;
  readonly setUnlocked: (untilMs: number | null) => void;
}
