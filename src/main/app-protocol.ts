/** `app://ui/…`: the built window out of a fixed map of files, with its policy on every answer (threat-model §3.1, 7 and 18). */
import type { Protocol } from 'electron';
import { contentSecurityPolicy, type RendererFile } from '../client/renderer-files.ts';
import { UI_ORIGIN } from './security.ts';

export const SCHEME = {
  scheme: 'app',
  privileges: { standard: true, secure: true, supportFetchAPI: false, corsEnabled: false },
} as const;

export function serveRenderer(protocol: Protocol, files: ReadonlyMap<string, RendererFile>): void {
  protocol.handle('app', (request) => answer(request, files));
}

/** What `request` gets; anything that is not in the map does not exist. */
export function answer(request: Pick<Request, 'url' | 'method'>, files: ReadonlyMap<string, RendererFile>): Response {
  const headers = {
    'content-security-policy': contentSecurityPolicy("'none'"),
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  };
  const url = new URL(request.url);
  const file = request.method === 'GET' && url.href.startsWith(`${UI_ORIGIN}/`) ? files.get(url.pathname) : undefined;
  if (file === undefined) return new Response('', { status: 404, headers });
  return new Response(new Uint8Array(file.body), { headers: { ...headers, 'content-type': file.type } });
}
