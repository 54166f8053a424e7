/** The priority of processes. */
import os from 'node:os';

/** How a script stands against the person at the PC for the processor (`[run] priority`). */
export type Priority = 'idle' | 'below_normal' | 'normal';

const { PRIORITY_LOW, PRIORITY_BELOW_NORMAL } = os.constants.priority;

/** Lowers a process that has just begun; what it starts from then on inherits it. */
export function setPriority(pid: number, priority: Priority): void {
  if (priority === 'normal') return;
  try {
    os.setPriority(pid, priority === 'idle' ? PRIORITY_LOW : PRIORITY_BELOW_NORMAL);
  } catch {
    // Already gone. The priority is a courtesy, never a condition.
  }
}
