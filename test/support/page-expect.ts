/** Playwright's assertions with the patience of every other wait of these tests. */
import { expect } from '@playwright/test';
import { PATIENCE_MS } from './eventually.ts';

export const expectPage = expect.configure({ timeout: PATIENCE_MS });
