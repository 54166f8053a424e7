import { expect, it, onTestFinished } from 'vitest';
import { ADMINISTRATORS_SID, isTrusted, SYSTEM_SID, trustOnlyMaker } from './access-list.ts';
import { ownSid } from './sids.ts';

it.runIf(process.platform === 'win32')(
  'in a set-up our own account is a stranger, unless what we make belongs to it',
  () => {
    const own = ownSid();
    onTestFinished(() => trustOnlyMaker(own));
    expect(isTrusted(own)).toBe(true);
    trustOnlyMaker(ADMINISTRATORS_SID);
    expect([own, ADMINISTRATORS_SID, SYSTEM_SID].map(isTrusted)).toEqual([false, true, true]);
    trustOnlyMaker(own);
    expect(isTrusted(own)).toBe(true);
  },
);
