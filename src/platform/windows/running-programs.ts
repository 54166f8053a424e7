/** Which programs run, by where they lie. */
import { atEnd } from '../../base/at-end.ts';
import { lastError, native } from './native.ts';
import { setupNative } from './setup-native.ts';

const TH32CS_SNAPPROCESS = 2;
const PROCESS_TERMINATE = 0x0001;
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
/** PROCESSENTRY32W, and where in it the process and its parent stand. */
const ENTRY_BYTES = 568;
const PID_AT = 8;
const PARENT_AT = 32;
const PATH_UNITS = 32_768;

export interface RunningProgram {
  readonly pid: number;
  readonly path: string;
}

/** Those below `directory`, ourselves included; one that may not be read is not among them. */
export function programsBelow(directory: string): RunningProgram[] {
  const prefix = `${directory.toLowerCase().replace(/\\+$/, '')}\\`;
  return [...parents().keys()]
    .map((pid) => ({ pid, path: pathOf(pid) }))
    .filter((program): program is RunningProgram => program.path?.toLowerCase().startsWith(prefix) === true);
}

/** One that is gone already is fine. */
export function endProgram(pid: number): void {
  const process = native().OpenProcess(PROCESS_TERMINATE, 0, pid);
  if (process === 0) return;
  native().TerminateProcess(process, 1);
  native().CloseHandle(process);
}

/** Who has started this process, nearest first, as far as they still run. */
export function ancestors(): RunningProgram[] {
  const parentOf = parents();
  const found: RunningProgram[] = [];
  const seen = new Set([process.pid]);
  for (let pid = parentOf.get(process.pid); pid !== undefined && !seen.has(pid); pid = parentOf.get(pid)) {
    seen.add(pid);
    const path = pathOf(pid);
    if (path !== null) found.push({ pid, path });
  }
  return found;
}

/** null: there is no such process any more. */
export function sessionOf(pid: number): number | null {
  const session: [number] = [0];
  return setupNative().ProcessIdToSessionId(pid, session) === 0 ? null : session[0];
}

/** Of each process that runs, the one that has started it. */
function parents(): Map<number, number> {
  const snapshot = setupNative().CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (snapshot === -1) throw lastError('CreateToolhelp32Snapshot');
  using _ = atEnd(() => native().CloseHandle(snapshot));
  const found = new Map<number, number>();
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(ENTRY_BYTES);
  let more = setupNative().Process32FirstW(snapshot, entry);
  while (more !== 0) {
    found.set(entry.readUInt32LE(PID_AT), entry.readUInt32LE(PARENT_AT));
    more = setupNative().Process32NextW(snapshot, entry);
  }
  return found;
}

/** null: it may not be read, or is gone. */
export function pathOf(pid: number): string | null {
  const process = native().OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  if (process === 0) return null;
  using _ = atEnd(() => native().CloseHandle(process));
  const name = Buffer.alloc(PATH_UNITS * 2);
  const units: [number] = [PATH_UNITS];
  if (setupNative().QueryFullProcessImageNameW(process, 0, name, units) === 0) return null;
  return name.toString('utf16le', 0, units[0] * 2);
}
