/**
 * The other servers of a cluster, as one of them has named them. Invariant: credentials go to none of them more openly than to the one
 * that has named it, and none passes for the fleet's with a certificate that was good for nothing before (protocol §11.2).
 */
import { isIP } from 'node:net';
import { isLoopback } from '../../base/is-loopback.ts';

/** Where one signs in. */
export interface Server {
  readonly url: URL;
  /** The host whose certificate it must have, in place of its own; null: its own. */
  readonly certificateOf: string | null;
}

/** What a broker names, as `host:port`. `proven`: nobody on the way can have written that. */
export interface Named {
  readonly names: readonly string[];
  readonly proven: boolean;
}

export class Peers {
  #named: ReadonlyMap<string, Server> = new Map();
  /** When each of them was tried last: of many that do not answer each round has another one. */
  readonly #triedUpMs = new Map<string, number>();

  /** `by` has named these, in place of all others. */
  replace({ names, proven }: Named, by: Server): void {
    const peers = names.flatMap((name) => peerOf(name, by, proven) ?? []);
    this.#named = new Map(peers.map((peer) => [peer.url.host, peer]));
    for (const host of this.#triedUpMs.keys()) if (!this.#named.has(host)) this.#triedUpMs.delete(host);
  }

  /** In no order but that who was tried last comes last. */
  others(known: ReadonlySet<string>): Server[] {
    return shuffled([...this.#named.values()].filter(({ url }) => !known.has(url.host))).sort(
      (a, b) => (this.#triedUpMs.get(a.url.host) ?? 0) - (this.#triedUpMs.get(b.url.host) ?? 0),
    );
  }

  noteTry({ url }: Server, upMs: number): void {
    this.#triedUpMs.set(url.host, upMs);
  }
}

/**
 * A cluster with addresses has the certificate of a name, and what is not proven must have that of who has named it. null: what no
 * address is (a zone of IPv6, for one) is the broker's mistake; and without TLS one speaks to a web port of this PC alone.
 */
function peerOf(name: string, by: Server, proven: boolean): Server | null {
  const url = URL.parse(`${by.url.protocol}//${name}`);
  if (url === null || (url.protocol === 'ws:' && !isLoopback(url.hostname))) return null;
  const namer = by.certificateOf ?? bareHost(by.url);
  const isLikeNamer = !proven || (isIP(bareHost(url)) !== 0 && isIP(namer) === 0);
  return { url, certificateOf: isLikeNamer ? namer : null };
}

/** Without the brackets of IPv6. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
