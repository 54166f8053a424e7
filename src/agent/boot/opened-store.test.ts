import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { arrival, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { unreadable } from '../../../test/support/unreadable.ts';
import { silentLogger } from '../../base/logger.ts';
import type { BootConfig } from '../config/boot-config.ts';
import { REOPEN_MS } from '../store/open.ts';
import { UNREAD_FOR_MS } from '../store/sqlite-errors.ts';
import { type OpenedStore, type OpenedStoreConfig, openTheStore, openUsable } from './opened-store.ts';

const config = (agentDir: string): OpenedStoreConfig => ({
  directories: { agentDir, data: agentDir } as BootConfig['directories'],
  history: { days: 90, maxBytes: 1024 ** 3 },
  results: { publishPinSkips: true } as BootConfig['results'],
});

async function aStoreWithOneRun(directory: string): Promise<void> {
  const store = testStore(directory);
  await store.runs.admit(arrival('open'));
  await store.close();
}

function opened(from: OpenedStore | 'in_use' | null): OpenedStore {
  if (from === null || from === 'in_use') throw new Error(String(from));
  return from;
}

test('what the store reads at once and the disk does not give for a moment: a stand-in, and then the store', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  const disk = unreadable(/FROM counters/);
  const first = opened(openTheStore(config(directory), silentLogger));
  expect([first.usable, first.store.state.value, first.store.admits]).toEqual([false, 'read_only', false]);
  expect(openUsable(config(directory), silentLogger)).toBeNull();
  disk.away = false;
  const { store, usable, oldCopy } = opened(openUsable(config(directory), silentLogger));
  expect([usable, oldCopy, store.admits]).toEqual([true, false, true]);
  expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['open']);
  await store.close();
});

test('what it never gives is set aside after a minute, like any other damage', async () => {
  const directory = tempDir();
  await aStoreWithOneRun(directory);
  const disk = unreadable(/FROM counters/);
  let tries = 1;
  expect(opened(openTheStore(config(directory), silentLogger)).usable).toBe(false);
  for (; tries < UNREAD_FOR_MS / REOPEN_MS - 1; tries++) {
    expect(openUsable(config(directory), silentLogger)).toBeNull();
  }
  // One that is read in between begins the minute again.
  disk.away = false;
  await opened(openUsable(config(directory), silentLogger)).store.close();
  disk.away = true;
  for (tries = 1; tries < UNREAD_FOR_MS / REOPEN_MS; tries++) {
    expect(openUsable(config(directory), silentLogger)).toBeNull();
  }
  const newFile = unreadable(/INSERT OR IGNORE INTO ledger/);
  for (let tried = 0; tried < 2; tried++) expect(openUsable(config(directory), silentLogger)).toBeNull();
  newFile.away = false;
  const { store, oldCopy } = opened(openUsable(config(directory), silentLogger));
  expect([oldCopy, store.admits, store.quarantined]).toEqual([true, true, true]);
  // The new file was not set aside for two errors.
  expect(readdirSync(directory).filter((name) => /damaged-[-\dTZ]+$/.test(name))).toHaveLength(1);
  expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['open']);
  await store.close();
});
