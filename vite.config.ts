import { defineConfig } from 'vite';

/**
 * The headless agent: `dist/agent/main.js` for Node 24. It is bundled because a start must be fast; the native modules stay
 * outside because they find their binaries beside themselves. The entry is a file of its own: it looks at the Node version
 * before anything else is loaded.
 */
export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true, external: ['better-sqlite3', 'koffi'], target: 'node' },
  build: {
    ssr: 'src/agent/main.ts',
    target: 'node24',
    outDir: 'dist/agent',
    emptyOutDir: true,
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});
