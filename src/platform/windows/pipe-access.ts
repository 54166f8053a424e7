/** Who may connect to a named pipe. Node lets only "everybody" be set, and with it the right to make more instances of the pipe. */
import { atEnd } from '../../base/at-end.ts';
import { DACL_AND_PROTECTED, withAccessList } from './access.ts';
import { type Access, accessOfPipe } from './access-list.ts';
import { lastError, native, WindowsError } from './native.ts';
import { setupNative } from './setup-native.ts';
import {
  INVALID_HANDLE,
  OPEN_EXISTING,
  READ_CONTROL,
  SECURITY_SQOS_PRESENT_IDENTIFICATION,
} from './win32-constants.ts';

/**
 * What a client of a pipe needs, as an entry of an access list has it: to read and to write. Not `GW`: for a pipe that is the right to
 * make more instances of it too.
 */
export const PIPE_CLIENT = 0x0012_019b;

const READ_CONTROL_AND_WRITE_DAC = 0x0006_0000;
const SE_KERNEL_OBJECT = 6;

/** The list is that of all its instances, also of those to come. For the moment it takes we are a client of our own. */
export function setPipeAccess(name: string, sddl: string): void {
  asClient(name, READ_CONTROL_AND_WRITE_DAC, (pipe) => {
    withAccessList(sddl, (list) => {
      const code = setupNative().SetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_AND_PROTECTED, null, null, list, null);
      if (code !== 0) throw new WindowsError(`protecting ${name}`, code);
    });
  });
}

export function pipeAccess(name: string): Access {
  let found: Access | null = null;
  asClient(name, READ_CONTROL, (pipe) => {
    found = accessOfPipe(pipe);
  });
  if (found === null) throw new Error(`${name} has told nothing`);
  return found;
}

function asClient(name: string, access: number, work: (pipe: number) => void): void {
  const flags = SECURITY_SQOS_PRESENT_IDENTIFICATION;
  const pipe = native().CreateFileW(name, access, 0, null, OPEN_EXISTING, flags, 0);
  if (pipe === INVALID_HANDLE) throw lastError(`opening ${name}`);
  using _ = atEnd(() => native().CloseHandle(pipe));
  work(pipe);
}
