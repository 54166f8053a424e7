/** Starts a process with the rights of a token, on the desktop of the token's session. */
import { win32 } from 'node:path';
import { type Handle, lastError, native, type ProcessInformation, startupInfoBytes, wideText } from './native.ts';
import { isHeld, openIn, STAT, wholePath } from './nt-files.ts';
import { READ_DATA } from './win32-constants.ts';

const EXECUTE = 0x20;
const CREATE_UNICODE_ENVIRONMENT = 0x0000_0400;
const STARTF_USESTDHANDLES = 0x0000_0100;
const WAIT_TIMEOUT = 258;

export interface CreateSpec {
  readonly token: Handle;
  readonly file: string;
  /** Whole and quoted. */
  readonly commandLine: string;
  /** As `encodeBlock` makes it. */
  readonly environment: Buffer;
  readonly directory: string | null;
  /** null: that of this process. */
  readonly desktop: string | null;
  /** Beyond that the environment is Unicode. */
  readonly flags: number;
  /** Standard input, output and error, inherited; null: none. */
  readonly streams: readonly [Handle, Handle, Handle] | null;
}

/**
 * Throws if Windows refuses, or somebody has a lock on the program: Windows would wait for them, and all of this process with it.
 * While it is open here nobody can get one. The caller closes both handles.
 */
export function createAsUser(spec: CreateSpec): ProcessInformation {
  const held = openedToRun(spec.file);
  try {
    return create(spec);
  } finally {
    if (held !== null) native().CloseHandle(held);
  }
}

/** null: we may not; Windows says why in a moment. */
function openedToRun(file: string): Handle | null {
  try {
    return openIn(0, wholePath(win32.resolve(file)), READ_DATA | EXECUTE | STAT);
  } catch (error) {
    if (isHeld(error)) throw error;
    return null;
  }
}

function create(spec: CreateSpec): ProcessInformation {
  const { token, file, commandLine, environment, directory, desktop, flags, streams } = spec;
  const [hStdInput, hStdOutput, hStdError] = streams ?? [0, 0, 0];
  const startup = {
    cb: startupInfoBytes(),
    lpDesktop: desktop,
    dwFlags: streams === null ? 0 : STARTF_USESTDHANDLES,
    hStdInput,
    hStdOutput,
    hStdError,
  };
  const created: ProcessInformation = { hProcess: 0, hThread: 0, dwProcessId: 0 };
  const ok = native().CreateProcessAsUserW(
    token,
    file,
    wideText(commandLine),
    null,
    null,
    streams === null ? 0 : 1,
    CREATE_UNICODE_ENVIRONMENT | flags,
    environment,
    directory,
    startup,
    created,
  );
  if (ok === 0) throw lastError('CreateProcessAsUser');
  return created;
}

/** Unsigned, as Windows has it; null: it runs. */
export function exitCodeOf(process: Handle): number | null {
  if (native().WaitForSingleObject(process, 0) === WAIT_TIMEOUT) return null;
  const code: [number] = [0];
  native().GetExitCodeProcess(process, code);
  return code[0];
}
