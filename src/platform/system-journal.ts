/**
 * The operating system's own journal, which IT collects already: the Windows Event Log (Application, source "Kanade Tray"), and
 * journald, to which a service speaks by its standard output. Invariant: what can't be written there holds nobody up; the same is
 * in our own log.
 */
import type { Writable } from 'node:stream';
import { koffi as loadKoffi } from './koffi.ts';

export type Severity = 'info' | 'warning' | 'error';

export interface SystemJournal {
  /** `id`: fixed for ever, see docs/events.md. One line of text. */
  write(id: number, severity: Severity, text: string): void;
}

/** As the installer registers it (`src/setup/registration.ts`). */
export const EVENT_SOURCE = 'Kanade Tray';

/** null: there is none that we could write to. */
export function systemJournal(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
  stdout: Writable = process.stdout,
): SystemJournal | null {
  if (platform === 'win32') return windowsEventLog();
  // Set by systemd for what is connected to the journal.
  return env.JOURNAL_STREAM ? journald(stdout) : null;
}

/** Numbers of syslog, as sd-daemon(3) reads them at the beginning of a line. */
const LEVELS: Readonly<Record<Severity, number>> = { info: 6, warning: 4, error: 3 };

export function journald(stdout: Writable): SystemJournal {
  return {
    write(id, severity, text) {
      stdout.write(`<${LEVELS[severity]}>event ${id}: ${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
    },
  };
}

// Numbers of winnt.h.
const TYPES: Readonly<Record<Severity, number>> = { error: 1, warning: 2, info: 4 };

type ReportEvent = (
  source: number,
  type: number,
  category: number,
  id: number,
  user: null,
  texts: number,
  dataBytes: number,
  strings: readonly string[],
  data: null,
) => number;

/** null: Windows does not give us the log. */
function windowsEventLog(): SystemJournal | null {
  const koffi = loadKoffi();
  const library = koffi.load('advapi32.dll');
  const open = library.func('intptr_t __stdcall RegisterEventSourceW(void *server, str16 source)');
  const report = library.func(
    'int __stdcall ReportEventW(intptr_t source, uint16_t type, uint16_t category, uint32_t id, void *user, uint16_t texts, uint32_t dataBytes, str16 *strings, void *data)',
  ) as ReportEvent;
  const source = open(null, EVENT_SOURCE) as number;
  if (source === 0) return null;
  return {
    write(id, severity, text) {
      report(source, TYPES[severity], 0, id, null, 1, 0, [text], null);
    },
  };
}
