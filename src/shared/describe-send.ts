/** What waits to be sent and what could not be delivered, in words. Invariant: what is stuck is never said to be waiting. */
import type { AgentStatus } from './agent-status.ts';
import type { I18n } from './i18n/i18n.ts';
import type { OutboxKind } from './outbox-kinds.ts';

/** "2 results", "1 other message": what waits; empty: nothing does. */
export function describeWaiting({ waiting, others }: AgentStatus['outbox'], i18n: I18n): string[] {
  return counted('status.send.count', waiting, 'status.send.others', others?.waiting ?? 0, i18n);
}

/** What is kept because it could not be delivered, a sentence each. */
export function describeStuck({ parked, others }: AgentStatus['outbox'], i18n: I18n): string[] {
  return counted('item.stuck.body', parked, 'status.stuck.others', others?.stuck ?? 0, i18n);
}

function counted(
  ofResults: 'status.send.count' | 'item.stuck.body',
  results: number,
  ofOthers: 'status.send.others' | 'status.stuck.others',
  others: number,
  i18n: I18n,
): string[] {
  return [
    ...(results > 0 ? [i18n.t(ofResults, { n: results })] : []),
    ...(others > 0 ? [i18n.t(ofOthers, { n: others })] : []),
  ];
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
