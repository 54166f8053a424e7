import { expect, test } from 'vitest';
import { NOW } from '../../test/support/agent-status.ts';
import type { UpdateView } from './agent-status.ts';
import { describeUpdate } from './describe-update.ts';
import { I18n } from './i18n/i18n.ts';
import { UPDATE_STATES } from './states.ts';
import { UNDONE_REASONS, UPDATE_REASONS, UPDATE_WAITS } from './update-reasons.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];

test.each(UPDATE_STATES)('%s has its words in both languages, for every reason', (state) => {
  for (const reason of [null, ...UPDATE_REASONS]) expectUpdateWords({ state, reason });
});

function expectUpdateWords({ state, reason }: Pick<UpdateView, 'state' | 'reason'>): void {
  const release = { signedBy: ['Aiko', 'Ben'], sizeBytes: 1, createdAtMs: NOW, expiresAtMs: NOW };
  for (const i18n of [english, japanese]) {
    const { title, body } = describeUpdate({ state, wanted: '1.5.0', reason, release }, i18n);
    expect(title + body).not.toMatch(/\{\w+\}|undefined/);
  }
}

test('each thing that an update waits for, and each end that it may have, has its words', () => {
  const base = { wanted: '1.5.0', reason: null, release: null } as const;
  const taking = { doneBytes: 0, notBeforeMs: null, deferUntilMs: null } as const;
  for (const i18n of [english, japanese]) {
    const waits = UPDATE_WAITS.flatMap((waitsFor) =>
      (['waiting', 'verified'] as const).map((state) =>
        describeUpdate({ ...base, state, taking: { ...taking, waitsFor } }, i18n),
      ),
    );
    const undone = UNDONE_REASONS.map((why) =>
      describeUpdate({ ...base, state: 'rolled_back', undone: { version: '1.5.0', why, atMs: NOW } }, i18n),
    );
    const said = [...waits, ...undone].map(({ title, body }) => `${title} ${body}`);
    expect(new Set(said).size).toBe(said.length);
    expect(said.join()).not.toMatch(/\{\w+\}|undefined/);
  }
});

test('an update says by whom it is signed, or why it is none for this PC', () => {
  const release = { signedBy: ['Aiko', 'Ben'], sizeBytes: 1, createdAtMs: NOW, expiresAtMs: NOW };
  const body = (state: UpdateView['state'], reason: UpdateView['reason'] = null) =>
    describeUpdate({ state, wanted: '1.5.0', reason, release }, english).body;
  expect(body('available')).toContain('Aiko, Ben');
  expect(body('wanted_not_ours', 'original')).toContain('not signed for this one');
  expect(body('refused', 'expired')).toContain('expired');
  const said = UPDATE_REASONS.filter((reason) => reason !== 'nothing').map((reason) => body('refused', reason));
  expect(new Set(said).size).toBe(said.length);
});
