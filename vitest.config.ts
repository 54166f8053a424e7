import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { isStraySocketError } from './src/base/stray-socket-error.ts';

export default defineConfig({
  // Shell code without Electron: importing the real one outside of Electron tries to download it.
  resolve: { alias: { electron: fileURLToPath(new URL('./test/support/electron-stub.ts', import.meta.url)) } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['e2e/interop/**', 'e2e/installer/**'],
    // Two cores and real brokers, browsers and child processes: with two workers a fifth of them is idle, with more than three
    // each test is only later.
    maxWorkers: 3,
    // For a test that hangs, on the slowest of machines.
    // The client library of the broker has such gaps; the agent itself passes them over too.
    onUnhandledError: (error) => (isStraySocketError(error) ? false : undefined),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
