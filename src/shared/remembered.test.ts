import { expect, test } from 'vitest';
import { status } from '../../test/support/agent-status.ts';
import type { Support } from './about-view.ts';
import { knownPc, knownSupport, NOTHING_REMEMBERED, remember } from './remembered.ts';

const HARDWARE = {
  system: 'Windows 11',
  processor: 'x',
  memoryBytes: 8e9,
  disks: [{ name: 'C:', sizeBytes: 2, freeBytes: 1 }],
  unread: ['bios'],
  bootedAtMs: 5,
};
const DESK: Support = { phone: '03-1', mail: null, url: null, text: null, hardware: HARDWARE };
const identity = status().identity;

test('what was heard once is known when the agent is gone, but for what is only true for a moment', () => {
  const kept = remember(remember(NOTHING_REMEMBERED, { status: status() }), { support: DESK });
  expect(knownPc(null, kept)).toEqual({ name: 'PC-0142', version: '1.4.2', groups: ['office', 'canary'] });
  expect(knownSupport(null, kept)).toEqual({
    ...DESK,
    hardware: { ...HARDWARE, disks: [], unread: [], bootedAtMs: null },
  });
});

test('an agent without settings takes nothing away of what is remembered, and says what it knows', () => {
  const kept = remember(NOTHING_REMEMBERED, { status: status(), support: DESK });
  const bare = status({ identity: { ...identity, pcId: null, groups: null, agentVersion: '1.5.0' } });
  expect(remember(kept, { status: bare })).toEqual(kept);
  expect(knownPc(bare, kept)).toEqual({ name: 'PC-0142', version: '1.5.0', groups: ['office', 'canary'] });
  expect(knownPc(bare, NOTHING_REMEMBERED)?.name).toBe('pc-0142');
});

test('contact lines that IT has taken away are not kept, hardware that is not read yet is', () => {
  const kept = remember(NOTHING_REMEMBERED, { support: DESK });
  const now = { ...DESK, phone: null, hardware: null };
  expect(knownSupport(now, kept)).toMatchObject({ phone: null, hardware: { system: 'Windows 11' } });
  expect(remember(kept, { support: now }).support?.phone).toBeNull();
});
