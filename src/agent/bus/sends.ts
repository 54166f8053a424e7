/** Sending what nobody answers. Invariant: whatever the library says of a message, it ends nothing else (invariant 11). */
import { errorText, type Logger } from '../../base/logger.ts';

/** False: it was not sent. The library throws for a message that is larger than this broker takes (`max_payload`). */
export function sends(send: () => unknown, subject: string, log: Logger): boolean {
  try {
    return send() !== false;
  } catch (error) {
    log.warn('a message can not be sent', { subject, error: errorText(error) });
    return false;
  }
}
