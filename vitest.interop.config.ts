import { defineConfig } from 'vitest/config';

/** The tests with the original fleet software; `npm run test:interop` sets it up. */
export default defineConfig({
  test: {
    include: ['e2e/interop/**/*.test.ts'],
    // Each file runs a whole fleet of its own.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
