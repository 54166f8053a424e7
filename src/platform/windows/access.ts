/** Access lists by their text form (SDDL). */
import { atEnd } from '../../base/at-end.ts';
import { type Handle, lastError, native, WindowsError } from './native.ts';
import { STAT, wholePath, withLocked } from './nt-files.ts';
import { setupNative } from './setup-native.ts';
import { sidText } from './sids.ts';
import { WRITE_DAC } from './win32-constants.ts';

/** SYSTEM and the Administrators, nobody else, and nothing inherited. */
export const PRIVATE_TREE = 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
/** The same, but everybody may see what is there; what is put into it is private none the less. */
export const LISTED_TREE = `${PRIVATE_TREE}(A;;0x1200a9;;;BU)`;
/**
 * The same, but everybody may see that it is there and go through it to what is theirs to read. Rights that are never shared away:
 * nobody can keep us from anything by holding it open.
 */
export const PASSABLE_TREE = `${PRIVATE_TREE}(A;;0x120088;;;BU)`;
/** One more entry, for a file that everybody may read. */
export const READABLE_TOO = '(A;;0x120089;;;BU)';
/** The same for a file. */
export const PRIVATE_FILE = 'O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)';
/** For a program in a private directory that everybody may run. */
export const READABLE_PROGRAM = `${PRIVATE_FILE}(A;;0x1200a9;;;BU)`;
/** Also for the programs of Windows that show the Start menu, which are "application packages". */
export const READABLE_ENTRY = `${PRIVATE_FILE}(A;;0x1200a9;;;BU)(A;;0x1200a9;;;S-1-15-2-1)`;
export const PRIVATE_KEY = 'O:BAD:P(A;CI;KA;;;SY)(A;CI;KA;;;BA)';
/** Users may read it. */
export const KEY_READERS = '(A;CI;KR;;;BU)';
export const READABLE_KEY = `${PRIVATE_KEY}${KEY_READERS}`;

const SDDL_REVISION_1 = 1;
const SE_FILE_OBJECT = 1;
const OWNER = 1;
export const DACL_AND_PROTECTED = 0x8000_0004;

export function withDescriptor(sddl: string, work: (descriptor: bigint) => void): void {
  const made: [bigint] = [0n];
  if (setupNative().ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, made, null) === 0)
    throw lastError(`the access list ${sddl}`);
  using _ = atEnd(() => native().LocalFree(made[0]));
  work(made[0]);
}

/** The access list alone, for functions that take no whole descriptor. */
export function withAccessList(sddl: string, work: (list: bigint) => void): void {
  withDescriptor(sddl, (descriptor) => {
    const [present, list, defaulted]: [[number], [bigint], [number]] = [[0], [0n], [0]];
    if (setupNative().GetSecurityDescriptorDacl(descriptor, present, list, defaulted) === 0) throw lastError(sddl);
    work(list[0]);
  });
}

/** SECURITY_ATTRIBUTES: for what is made with its access list in one step. */
export function withAttributes(sddl: string, work: (attributes: Buffer) => void): void {
  withDescriptor(sddl, (descriptor) => {
    // Its size, the descriptor, whether processes inherit the handle.
    const attributes = Buffer.alloc(24);
    attributes.writeUInt32LE(attributes.length);
    attributes.writeBigUInt64LE(descriptor, 8);
    work(attributes);
  });
}

/** Everybody may read and run it, the Administrators and SYSTEM alone change it; what is put into it inherits that. */
export const READ_ONLY_TREE = [
  PRIVATE_TREE,
  '(A;OICI;0x1200a9;;;BU)',
  // Chromium's sandboxed processes are "application packages".
  '(A;OICI;0x1200a9;;;S-1-15-2-1)(A;OICI;0x1200a9;;;S-1-15-2-2)',
].join('');

/**
 * What is put into a directory with `sddl` gets this from it, after `more` entries of its own. Entries for the directory alone are
 * not passed on.
 */
export function passedOn(sddl: string, isDirectory: boolean, more: string): string {
  const entries = sddl.replaceAll(/\(A;;[^)]*\)/g, '').replaceAll(';OICI;', isDirectory ? ';OICIID;' : ';ID;');
  return entries.replace('D:P(', `D:ARAI${more}(`);
}

/** Makes a directory that is nobody else's for no moment. @throws {WindowsError} also when it is there already */
export function makeDirectory(path: string, sddl: string): void {
  withAttributes(sddl, (attributes) => {
    if (setupNative().CreateDirectoryW(path, attributes) === 0) throw lastError(`making ${path}`);
  });
}

/**
 * Replaces the access list of a file or a directory; nothing is inherited from above, and nothing that lies in it is touched: that
 * would wait for whoever has a lock on any of it. The owner stays.
 */
export function setFileAccess(path: string, sddl: string): void {
  withLocked(0, wholePath(path), WRITE_DAC | STAT, (handle) => setAccess(handle, path, sddl, DACL_AND_PROTECTED));
}

/** Of what is open with the rights for it. `what`: SECURITY_INFORMATION; `path` is for people. */
export function setAccess(handle: Handle, path: string, sddl: string, what: number): void {
  withDescriptor(sddl, (descriptor) => {
    if (setupNative().SetKernelObjectSecurity(handle, what >>> 0, descriptor) === 0)
      throw lastError(`protecting ${path}`);
  });
}

/** Whom a file or a directory belongs to, and who can therefore change it whatever its access list says: `S-1-…`. */
export function ownerOf(path: string): string {
  const [owner, descriptor]: [[bigint], [bigint]] = [[0n], [0n]];
  const code = setupNative().GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER, owner, null, null, null, descriptor);
  if (code !== 0) throw new WindowsError(`the owner of ${path}`, code);
  using _ = atEnd(() => native().LocalFree(descriptor[0]));
  return sidText(owner[0]);
}
