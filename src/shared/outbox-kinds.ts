/** What a PC sends to the fleet, and keeps until it is acknowledged. Results come first; nothing else delays them (invariant 5). */
export const OUTBOX_KINDS = ['result', 'started', 'inventory', 'event'] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];
