import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tempDir } from '../../../e2e/support/temp.ts';
import { silentLogger } from '../base/logger.ts';
import { signedInAccounts } from './accounts.ts';

test('sign-ins and sign-outs are followed; what is no account is left out', async () => {
  const directory = tempDir();
  for (const name of ['1000', '0', 'lost+found']) mkdirSync(join(directory, name));
  const signedIn = signedInAccounts(silentLogger, directory);
  expect(signedIn.accounts.value).toEqual(['0', '1000']);
  mkdirSync(join(directory, '1001'));
  await vi.waitFor(() => expect(signedIn.accounts.value).toEqual(['0', '1000', '1001']));
  rmSync(join(directory, '1000'), { recursive: true });
  await vi.waitFor(() => expect(signedIn.accounts.value).toEqual(['0', '1001']));
  signedIn.close();
});

test('where nobody can be seen nobody is signed in', () => {
  expect(signedInAccounts(silentLogger, '/nonexistent/run/user').accounts.value).toEqual([]);
});
