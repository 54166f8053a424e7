/** What a connection works with, and what a method gets to know of the connection that calls it. */
import type { Fault } from '../../shared/faults.ts';
import type { Helpdesk } from './helpdesk.ts';
import type { StatusPorts } from './ports.ts';
import type { Projection } from './projection.ts';
import type { Viewer } from './roles.ts';

/** What all connections of one server share. */
export interface SessionDeps {
  readonly ports: StatusPorts;
  readonly projection: Projection;
  readonly helpdesk: Helpdesk;
  /** As it stands in the endpoint files. */
  readonly address: string;
  /** Account → token, as of now. */
  readonly tokens: ReadonlyMap<string, Uint8Array>;
  /** The account that the agent runs as. */
  readonly ownAccount: string;
  readonly isAdministrator: (account: string) => boolean;
  /** Known only to the process that started the agent; null: it gave none. */
  readonly hostSecret: Uint8Array | null;
  /** Told when the proofs hold; a Fault refuses the connection after all. */
  readonly onProven: (account: string) => Fault | null;
}

/** The connection that calls. */
export interface Caller {
  readonly viewer: Viewer;
  readonly deps: SessionDeps;
  readonly subscribe: () => void;
  readonly unsubscribe: () => void;
  readonly setUnlocked: (untilMs: number | null) => void;
}
