/**
 * The parts of the product, each a build of its own (`vite build --mode <part>`), all into `dist`. What runs on Node is
 * bundled too, because a start must be fast; native modules stay outside, they find their binaries beside themselves.
 */
import react from '@vitejs/plugin-react';
import { defineConfig, type UserConfig } from 'vite';
import { ascii } from './scripts/lib/vite-ascii.ts';
import { licences } from './scripts/lib/vite-licences.ts';

interface NodePart {
  /** More than one: by name, with what they share in common files. */
  readonly entry: string | Readonly<Record<string, string>>;
  readonly directory: string;
  readonly target: 'node24' | 'node18';
  readonly format?: 'es' | 'cjs';
  readonly extension?: 'js' | 'cjs';
  readonly external?: readonly string[];
  /** Put before everything else. */
  readonly banner?: string;
}

function nodePart({
  entry,
  directory,
  target,
  format = 'es',
  external = [],
  banner = '',
  ...part
}: NodePart): UserConfig {
  const extension = part.extension ?? (format === 'es' ? 'js' : 'cjs');
  return {
    publicDir: false,
    plugins: [ascii()],
    ssr: { noExternal: true, external: [...external], target: 'node' },
    build: {
      ssr: typeof entry === 'string' ? entry : true,
      target,
      outDir: directory,
      emptyOutDir: true,
      sourcemap: true,
      minify: false,
      rolldownOptions: {
        ...(typeof entry === 'string' ? {} : { input: { ...entry } }),
        output: {
          format,
          banner,
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `[name].${extension}`,
          // For people; who runs the program reads them at each start.
          comments: { legal: true, annotation: false, jsdoc: false },
        },
      },
    },
  };
}

const appShell = { entry: 'src/main/main.ts', external: ['electron'] };
const preload = { entry: 'src/preload/preload.ts', external: ['electron'], format: 'cjs', target: 'node18' } as const;

const PARTS: Readonly<Record<string, UserConfig>> = {
  // The entry is a file of its own: it checks the Node version before anything else is loaded. CommonJS, since Node starts it
  // some 20 ms sooner: a module that imports one of Node's own makes it load all of that one's parts.
  agent: nodePart({
    entry: { main: 'src/agent/main.ts', setup: 'src/setup/main.ts', drain: 'src/setup/drain.ts' },
    directory: 'dist/agent',
    target: 'node24',
    format: 'cjs',
    extension: 'js',
    external: ['better-sqlite3', 'koffi'],
  }),
  web: nodePart({ entry: 'src/web/main.ts', directory: 'dist/web', target: 'node24' }),
  main: nodePart({ ...appShell, directory: 'dist/main', target: 'node24' }),
  preload: nodePart({ ...preload, directory: 'dist/preload' }),
  // The same sources for the older Electron that tests may have to do with.
  'test-main': nodePart({
    ...appShell,
    directory: 'dist/test-main',
    target: 'node18',
    format: 'cjs',
    // Its Node has Web Cryptography only as a module.
    banner: "globalThis.crypto ??= require('node:crypto').webcrypto;",
  }),
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [react(), licences()],
    build: {
      outDir: '../../dist/renderer',
      emptyOutDir: true,
      // Chromium 114 is the oldest that tests may have to do with; the product's own is far newer.
      target: 'chrome114',
      sourcemap: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1_000,
    },
  },
};

export default defineConfig(({ mode }) => {
  const part = PARTS[mode];
  if (part === undefined) throw new Error(`--mode names the part to build: ${Object.keys(PARTS).join(', ')}`);
  return part;
});
