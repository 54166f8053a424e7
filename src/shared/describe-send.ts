/** What waits to be sent and what could not be delivered, in words. Invariant: what is stuck is never said to be waiting. */
import type { AgentStatus } from './agent-status.ts';
import type { I18n } from './i18n/i18n.ts';
import type { OutboxKind } from './outbox-kinds.ts';

/** "2 results", "1 other message": what waits; empty: nothing does. */
export function describeWaiting({ waiting, others }: AgentStatus['outbox'], i18n: I18n): string[] {
  const ofOthers = others?.waiting ?? 0;
  return [
    ...(waiting > 0 ? [i18n.t('status.send.count', { n: waiting })] : []),
    ...(ofOthers > 0 ? [i18n.t('status.send.others', { n: ofOthers })] : []),
  ];
}

/** What is no result and could not be delivered; null: nothing. That results could not be is among what to look at (`troubles.ts`). */
export function describeStuck({ others }: AgentStatus['outbox'], i18n: I18n): string | null {
  const n = others?.stuck ?? 0;
  return n === 0 ? null : i18n.t('status.stuck.others', { n });
}

/** What such a message is, of a task or of this PC; `task` is null where the task is not kept here. */
export function messageName(kind: OutboxKind, task: string | null, i18n: I18n): string {
  const name = task ?? i18n.t('helpdesk.parked.stray');
  switch (kind) {
    case 'result':
      return i18n.t('helpdesk.parked.result', { task: name });
    case 'started':
      return i18n.t('helpdesk.parked.started', { task: name });
    case 'inventory':
      return i18n.t('helpdesk.parked.inventory');
    case 'event':
      return i18n.t('helpdesk.parked.event');
  }
}
