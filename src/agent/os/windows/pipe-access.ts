/** Who may connect to a named pipe. Node lets only "everybody" be set, and with it the right to make more instances of the pipe. */
import { DACL_AND_PROTECTED, withAccessList } from './access.ts';
import { lastError, native, WindowsError } from './native.ts';
import { setupNative } from './setup-native.ts';

const READ_CONTROL_AND_WRITE_DAC = 0x0006_0000;
const OPEN_EXISTING = 3;
/** Whoever has the name for us meanwhile learns who we are, and can do nothing in our name. */
const SECURITY_SQOS_PRESENT_IDENTIFICATION = 0x0011_0000;
const INVALID_HANDLE = -1;
const SE_KERNEL_OBJECT = 6;

/** The list is that of all its instances, also of those to come. For the moment it takes we are a client of our own. */
export function setPipeAccess(name: string, sddl: string): void {
  const flags = SECURITY_SQOS_PRESENT_IDENTIFICATION;
  const pipe = native().CreateFileW(name, READ_CONTROL_AND_WRITE_DAC, 0, null, OPEN_EXISTING, flags, 0);
  if (pipe === INVALID_HANDLE) throw lastError(`opening ${name}`);
  try {
    withAccessList(sddl, (list) => {
      const code = setupNative().SetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_AND_PROTECTED, null, null, list, null);
      if (code !== 0) throw new WindowsError(`protecting ${name}`, code);
    });
  } finally {
    native().CloseHandle(pipe);
  }
}
