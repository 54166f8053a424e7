/** Keeps on disk when the fleet was last heard of, so that a restart does not make our view of it older than it is. */
import type { Logger } from '../../base/logger.ts';
import { errorText } from '../../base/logger.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { LastContact } from '../store/last-contact.ts';

/** What a process that is killed loses of it. As often as the history of the link, so that both are one commit. */
const NOTE_EVERY_MS = 60_000;

export function startLastContact(options: { bus: Bus; lastContact: LastContact; log: Logger }): Binding {
  const { bus, lastContact, log } = options;
  const note = () => {
    const agoMs = bus.linkAgeMs();
    if (agoMs === Number.POSITIVE_INFINITY) return;
    lastContact.note(agoMs).catch((error: unknown) => {
      log.debug('the last contact could not be noted', { error: errorText(error) });
    });
  };
  const stopLink = bus.link.watch(note);
  const timer = setInterval(() => bus.link.value.state === 'connected' && note(), NOTE_EVERY_MS);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      stopLink();
      note();
    },
  };
}
