/** Access lists by their text form (SDDL). */
import { native } from './native.ts';
import { setupNative, windowsError } from './setup-native.ts';

/** SYSTEM and the Administrators, nobody else, and nothing inherited. */
export const PRIVATE_FILE = 'D:P(A;;FA;;;SY)(A;;FA;;;BA)';
export const PRIVATE_KEY = 'D:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)';

const SDDL_REVISION_1 = 1;
const DACL_AND_PROTECTED = 0x8000_0004;

export function withDescriptor(sddl: string, work: (descriptor: bigint) => void): void {
  const made: [bigint] = [0n];
  if (setupNative().ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, made, null) === 0)
    throw windowsError(`the access list ${sddl}`);
  try {
    work(made[0]);
  } finally {
    native().LocalFree(made[0]);
  }
}

/** Replaces the access list of a file or a directory. */
export function protectFile(path: string, sddl: string): void {
  withDescriptor(sddl, (descriptor) => {
    if (setupNative().SetFileSecurityW(path, DACL_AND_PROTECTED, descriptor) === 0) throw windowsError(`protecting ${path}`);
  });
}
