/** Typed calls to whoever is at the other end of the window's link; it has checked what it sends, so we need no schemas here. */
import type { AppShellMethodName, AppShellParams, AppShellResult } from '../../shared/app-shell-contract.ts';
import type { MethodName, Params, Result } from '../../shared/contract.ts';
import { CallError, Fault } from '../../shared/faults.ts';
import type { Link } from '../../shared/link.ts';
import { peer } from '../../shared/rpc.ts';

export type AnyMethod = MethodName | AppShellMethodName;
export type ParamsOf<M extends AnyMethod> = M extends MethodName
  ? Params<M>
  : M extends AppShellMethodName
    ? AppShellParams<M>
    : never;
export type ResultOf<M extends AnyMethod> = M extends MethodName
  ? Result<M>
  : M extends AppShellMethodName
    ? AppShellResult<M>
    : never;

/** The answer, or why there is none: an error answer, or a link that has closed. */
export type Answer<M extends AnyMethod> =
  | { readonly ok: true; readonly value: ResultOf<M> }
  | { readonly ok: false; readonly fault: Fault };

export interface WindowClient {
  /** Never rejects. */
  ask<M extends AnyMethod>(method: M, params: ParamsOf<M>): Promise<Answer<M>>;
}

export interface WindowClientOptions {
  readonly onPush: (name: string, params: unknown) => void;
  readonly onClose: () => void;
}

const MAX_TRIES = 4;
/** Longer waits are for a person to know of: too many wrong codes. */
const SOON_MS = 2_000;

/** When a call that came too fast may be made again, ms; null: that is not what is wrong. */
function soon({ name, data }: Fault): number | null {
  const { retryInMs } = data;
  return name === 'rate_limited' && typeof retryInMs === 'number' && retryInMs <= SOON_MS ? retryInMs : null;
}

export function windowClient(link: Link, options: WindowClientOptions): WindowClient {
  const other = peer(link, {
    resolve: () => new Fault('unknown_method', 'a window has no methods'),
    onPush: options.onPush,
  });
  link.onClose(options.onClose);
  return {
    ask: async (method, params) => {
      for (let tries = 1; ; tries++) {
        try {
          return { ok: true, value: (await other.call(method, params)) as never };
        } catch (error) {
          const fault = error instanceof CallError ? error.fault : new Fault('unavailable', String(error));
          const retryInMs = tries < MAX_TRIES ? soon(fault) : null;
          if (retryInMs === null) return { ok: false, fault };
          await new Promise((resolve) => setTimeout(resolve, retryInMs));
        }
      }
    },
  };
}
