import { defineConfig } from 'vitest/config';

/** What `npm run pictures` takes of the states that a usual day does not show. */
export default defineConfig({
  test: { include: ['e2e/**/*.pictures.ts'], maxWorkers: 2, testTimeout: 60_000, hookTimeout: 60_000 },
});
