/**
 * The built window as a fixed map from paths to bytes: what was there at the start is all that can ever be asked for, so no
 * request is ever joined to a path (threat-model §3.1, 18).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface RendererFile {
  readonly body: Buffer;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Every file below `directory`, by its path with a slash in front; `/` is `index.html`. Throws where it can't be read. */
export function rendererFiles(directory: string): ReadonlyMap<string, RendererFile> {
  const files = new Map<string, RendererFile>();
  const read = (folder: string, prefix: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${prefix}/${entry.name}`;
      const type = TYPES[extname(entry.name)];
      if (entry.isDirectory()) read(join(folder, entry.name), path);
      else if (type !== undefined) files.set(path, { body: readFileSync(join(folder, entry.name)), type });
    }
  };
  read(directory, '');
  const index = files.get('/index.html');
  if (index === undefined) throw new Error(`${directory} holds no index.html: the window is not built`);
  return files.set('/', index);
}

/**
 * The content security policy of the window (threat-model §3.1, 7). `connect`: what scripts may talk to. The hash is that of the
 * empty style element that Griffel makes and fills by `insertRule`.
 */
export function contentSecurityPolicy(connect: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}
