import { expect, it } from 'vitest';
import { chooseSession, type SessionFacts, signedIn } from './sessions.ts';

function session(id: number, changes: Partial<SessionFacts> = {}): SessionFacts {
  return { id, user: `PC\\user${id}`, connected: true, lastUsedAt: 0n, signedInAt: 0n, ...changes };
}

it('is the user at the console, however long ago they used it', () => {
  const sessions = [session(2, { lastUsedAt: 9n }), session(1, { lastUsedAt: 1n })];
  expect(chooseSession(sessions, 1)).toEqual({ id: 1, user: 'PC\\user1' });
});

it('is else the most recently active remote session', () => {
  const sessions = [session(1, { user: '' }), session(2, { lastUsedAt: 3n }), session(3, { lastUsedAt: 2n ** 60n })];
  expect(chooseSession(sessions, 1)).toEqual({ id: 3, user: 'PC\\user3' });
});

it('prefers who is connected to who left a session behind', () => {
  const sessions = [session(2, { connected: false, lastUsedAt: 9n }), session(3, { lastUsedAt: 1n })];
  expect(chooseSession(sessions, null)).toEqual({ id: 3, user: 'PC\\user3' });
  expect(chooseSession(sessions.slice(0, 1), null)).toEqual({ id: 2, user: 'PC\\user2' });
});

it('is nobody where nobody is signed in', () => {
  expect(chooseSession([session(0, { user: '' }), session(1, { user: '' })], 1)).toBeNull();
  expect(chooseSession([], null)).toBeNull();
});

it.skipIf(process.platform === 'win32')('can run as nobody else where there is no Windows', () => {
  expect(signedIn()).toBeNull();
});
