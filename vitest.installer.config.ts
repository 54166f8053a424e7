import { defineConfig } from 'vitest/config';

/** The Windows installer under wine; `npm run test:installer` sets it up. */
export default defineConfig({
  test: {
    include: ['e2e/installer/**/*.test.ts'],
    // Each file is a PC of its own.
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
