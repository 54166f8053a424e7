import { expect, test } from 'vitest';
import type { Account } from '../../platform/sessions.ts';
import { Scripts, type ScriptsOptions } from './scripts.ts';

const TARO: Account = { id: 'S-1-5-21-7', name: 'PC\\taro' };

/** Of `system`, `user` and `system_gui`, in this order. */
function availability(options: Partial<ScriptsOptions>): unknown[] {
  const scripts = new Scripts({
    makeRunner: () => {
      throw new Error('nothing is started here');
    },
    platform: 'win32',
    sessions: null,
    trayUser: null,
    systemAsUser: true,
    stayAwake: null,
    directory: '/data',
    ...options,
  });
  return (['system', 'user', 'system_gui'] as const).map((runAs) => scripts.availability(runAs));
}

function sessions(user: Account | null): ScriptsOptions['sessions'] {
  return { activeUser: () => user, change: () => Promise.resolve() };
}

const UNSUPPORTED = { kind: 'unsupported', why: expect.stringMatching(/^skipped: /) };

test('a service runs what is meant for the user as the account that is signed in', () => {
  const ready = { kind: 'ready', user: TARO };
  expect(availability({ sessions: sessions(TARO) })).toEqual([{ kind: 'ready', user: null }, ready, ready]);
});

test('a service waits where nobody is signed in', () => {
  const waits = { kind: 'no_user' };
  expect(availability({ sessions: sessions(null) })).toEqual([{ kind: 'ready', user: null }, waits, waits]);
});

test('where no other account can be used only "system" runs', () => {
  expect(availability({ platform: 'linux' })).toEqual([{ kind: 'ready', user: null }, UNSUPPORTED, UNSUPPORTED]);
});

test('in tray mode all that can run runs as the user of the tray', () => {
  const ready = { kind: 'ready', user: TARO };
  expect(availability({ trayUser: TARO })).toEqual([ready, ready, UNSUPPORTED]);
  expect(availability({ trayUser: TARO, systemAsUser: false })).toEqual([UNSUPPORTED, ready, UNSUPPORTED]);
});
