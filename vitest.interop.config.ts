import { defineConfig } from 'vitest/config';
import { isStraySocketError } from './src/base/stray-socket-error.ts';

/** The tests with the original fleet software; `npm run test:interop` sets it up. */
export default defineConfig({
  test: {
    include: ['e2e/interop/**/*.test.ts'],
    // Each test runs a whole fleet of its own; most of its time is the original's, which looks at its outbox once a second.
    maxWorkers: 2,
    // The client library of the broker has such gaps; the agent itself passes them over too.
    onUnhandledError: (error) => (isStraySocketError(error) ? false : undefined),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
