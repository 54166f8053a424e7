/** Access lists by their text form (SDDL). */
import { native } from './native.ts';
import { setupNative, WindowsError, windowsError } from './setup-native.ts';

/** SYSTEM and the Administrators, nobody else, and nothing inherited. */
export const PRIVATE_TREE = 'D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
export const PRIVATE_KEY = 'D:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)';

const SDDL_REVISION_1 = 1;
const SE_FILE_OBJECT = 1;
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

/** Everybody may read and run it, the Administrators and SYSTEM alone change it; what is put into it inherits that. */
export const READ_ONLY_TREE = [
  'D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
  // Chromium's sandboxed processes are "application packages".
  '(A;OICI;0x1200a9;;;S-1-15-2-1)(A;OICI;0x1200a9;;;S-1-15-2-2)',
].join('');

/** Replaces the access list of a directory; what lies in it inherits the new one. */
export function protectTree(path: string, sddl: string): void {
  withDescriptor(sddl, (descriptor) => {
    const [present, list, defaulted]: [[number], [bigint], [number]] = [[0], [0n], [0]];
    if (setupNative().GetSecurityDescriptorDacl(descriptor, present, list, defaulted) === 0) throw windowsError(sddl);
    const code = setupNative().SetNamedSecurityInfoW(
      path,
      SE_FILE_OBJECT,
      DACL_AND_PROTECTED,
      null,
      null,
      list[0],
      null,
    );
    if (code !== 0) throw new WindowsError(`protecting ${path}`, code);
  });
}
