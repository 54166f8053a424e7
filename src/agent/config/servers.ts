/** `[agent] nats_url`: a comma-separated list of servers, each checked by itself. */
import { isIPv6 } from 'node:net';
import { isLoopback } from '../../base/is-loopback.ts';

export type UrlCredentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly user: string; readonly password: string };

export interface ServerList {
  /** `scheme://host:port[/path]`, without credentials; at least one. */
  readonly urls: readonly string[];
  /** The first credentials that were written into the list. */
  readonly credentials: UrlCredentials | null;
}

const DEFAULT_PORTS = { nats: 4222, tls: 4222, ws: 80, wss: 443 } as const;
const MAX_SERVERS = 64;

export const SERVERS_EXPECTED = 'servers such as nats://host:4222, tls://host:4222 or wss://host, separated by commas';

/** Reads the list. `expected` never repeats a secret. */
export function parseServers(
  text: string,
): { readonly ok: true; readonly list: ServerList } | { readonly ok: false; readonly expected: string } {
  const elements = text.split(',').map((element) => element.trim());
  if (elements.length > MAX_SERVERS) return { ok: false, expected: `at most ${MAX_SERVERS} servers` };
  const urls: string[] = [];
  let credentials: UrlCredentials | null = null;
  for (const element of elements) {
    const server = parseServer(element);
    if (typeof server === 'string') {
      return { ok: false, expected: `${server}, found ${JSON.stringify(withoutCredentials(element))}` };
    }
    urls.push(server.url);
    credentials ??= server.credentials;
  }
  return { ok: true, list: { urls, credentials } };
}

const SHAPE =
  /^(?:(?<user>[^/]*)@)?(?<host>\[[^\]]*\]|[^:/?#[\]]*)(?::(?<port>[^/?#]*))?(?<path>\/[^?#]*)?(?<rest>[?#].*)?$/;

function parseServer(text: string): { url: string; credentials: UrlCredentials | null } | string {
  if (text === '') return SERVERS_EXPECTED;
  const [before, after] = text.includes('://') ? splitAt(text, '://') : ['nats', text];
  const scheme = before.toLowerCase();
  if (!isScheme(scheme)) return 'one of nats://, tls://, ws:// and wss://';
  const parts = SHAPE.exec(after)?.groups;
  if (parts === undefined) return SERVERS_EXPECTED;
  const host = parts.host ?? '';
  if (!isHost(host)) return 'a host name or an address (IPv6 in brackets)';
  if (scheme === 'ws' && !isLoopback(host)) return 'wss:// instead of ws:// for any machine but this one';
  const port = portOf(parts.port, DEFAULT_PORTS[scheme]);
  if (port === null) return 'a port from 1 to 65535';
  const path = parts.path === '/' ? '' : (parts.path ?? '');
  if (parts.rest !== undefined) return 'a server without ? and #';
  if (path !== '' && (scheme === 'nats' || scheme === 'tls')) return 'a server without a path';
  const credentials = credentialsOf(parts.user);
  if (credentials === undefined) return 'credentials as user:password or token, with special characters %-encoded';
  return { url: `${scheme}://${host}:${port}${path}`, credentials };
}

function splitAt(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function isScheme(scheme: string): scheme is keyof typeof DEFAULT_PORTS {
  return Object.hasOwn(DEFAULT_PORTS, scheme);
}

function isHost(host: string): boolean {
  if (host.startsWith('[')) return isIPv6(host.slice(1, -1));
  return host.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_-]*)(\.[A-Za-z0-9_-]+)*\.?$/.test(host);
}

function portOf(text: string | undefined, otherwise: number): number | null {
  if (text === undefined) return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** null: none; undefined: not readable. */
function credentialsOf(text: string | undefined): UrlCredentials | null | undefined {
  if (text === undefined) return null;
  const colon = text.indexOf(':');
  try {
    if (colon < 0) return text === '' ? undefined : { kind: 'token', token: decodeURIComponent(text) };
    const user = decodeURIComponent(text.slice(0, colon));
    return user === '' ? undefined : { kind: 'user', user, password: decodeURIComponent(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

function withoutCredentials(text: string): string {
  return text.replace(/^([^/]*:\/\/)?.*@/, '$1***@');
}
