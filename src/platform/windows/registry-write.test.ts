import { afterEach, expect, it } from 'vitest';
import { machineRegistry } from '../registry.ts';
import { PRIVATE_KEY, READABLE_KEY } from './access.ts';
import { removeKey, removeValue, secureKey, untrustedKey, writeValues } from './registry-write.ts';

const onWindows = it.runIf(process.platform === 'win32');
const KEY = 'SOFTWARE\\kanade-tray-test\\agent';

if (process.platform === 'win32')
  afterEach(() => {
    for (const key of [KEY, 'SOFTWARE\\kanade-tray-test']) removeKey(key);
  });

onWindows('a key for secrets is made with its access list, and left alone when it is as it must be', () => {
  expect(secureKey(KEY, PRIVATE_KEY)).toBe('absent');
  expect(untrustedKey(KEY)).toBeNull();
  expect(secureKey(KEY, PRIVATE_KEY)).toBe('shut');
});

onWindows(
  'one that was made with inherited rights is shut: made again while it is empty, said when it held something',
  () => {
    writeValues(KEY, {});
    expect(secureKey(KEY, PRIVATE_KEY)).toBe('shut');
    removeKey(KEY);
    writeValues(KEY, { NatsToken: 'secret' });
    expect(secureKey(KEY, PRIVATE_KEY)).toBe('open');
    expect(machineRegistry().read(KEY, 'NatsToken')).toEqual({ kind: 'text', text: 'secret' });
    expect(secureKey(KEY, PRIVATE_KEY)).toBe('shut');
    removeValue(KEY, 'NatsToken');
  },
);

onWindows('one that users may read is never theirs to change', () => {
  secureKey(KEY, READABLE_KEY);
  expect(untrustedKey(KEY)).toBeNull();
  expect(secureKey(KEY, READABLE_KEY)).toBe('shut');
});
