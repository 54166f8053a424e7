import { mkdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { tempDir } from '../../test/support/temp.ts';
import { silentLogger } from '../base/logger.ts';
import { followDirectory, ownAccount, pollAccounts } from './accounts.ts';

test('sign-ins and sign-outs are followed; what is no account is left out', async () => {
  const directory = tempDir();
  for (const name of ['1000', '0', 'lost+found']) mkdirSync(join(directory, name));
  const signedIn = followDirectory(directory, silentLogger);
  expect(signedIn.accounts.value).toEqual(['0', '1000']);
  mkdirSync(join(directory, '1001'));
  await eventually(() => expect(signedIn.accounts.value).toEqual(['0', '1000', '1001']));
  rmSync(join(directory, '1000'), { recursive: true });
  await eventually(() => expect(signedIn.accounts.value).toEqual(['0', '1001']));
  signedIn.close();
});

test('where nobody can be seen nobody is signed in', () => {
  expect(followDirectory('/nonexistent/run/user', silentLogger).accounts.value).toEqual([]);
});

test('who is looked for again and again is followed, and a look that fails changes nothing', async () => {
  const answers = [['S-1-5-21-1'], new Error('no'), ['S-1-5-21-1'], ['S-1-5-21-1', 'S-1-5-21-2']];
  let looks = 0;
  const list = () => {
    const answer = answers[Math.min(looks++, answers.length - 1)] ?? [];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const signedIn = pollAccounts(list, 1, silentLogger);
  const seen: (readonly string[])[] = [signedIn.accounts.value];
  signedIn.accounts.watch((now) => void seen.push(now));
  await eventually(() => expect(seen).toEqual([['S-1-5-21-1'], ['S-1-5-21-1', 'S-1-5-21-2']]));
  signedIn.close();
});

test.skipIf(process.platform === 'win32')('our own account is our uid, with a name for people', () => {
  expect(ownAccount()).toEqual({ id: String(process.getuid?.()), name: userInfo().username });
});

test.runIf(process.platform === 'win32')('our own account is our SID, with a name for people', () => {
  expect(ownAccount()).toEqual({ id: expect.stringMatching(/^S-1-5-/), name: userInfo().username });
});
