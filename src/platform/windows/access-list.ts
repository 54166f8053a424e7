/**
 * Who owns a file, a directory or a registry key, and who else may change it. Asked of an open handle, so that what was looked
 * at is what is used. Invariant: what can't be understood of an access list counts as a right to change.
 */
import { win32 } from 'node:path';
import { atEnd } from '../../base/at-end.ts';
import { decodeUint32s, type Handle, native, WindowsError } from './native.ts';
import { setupNative } from './setup-native.ts';
import { ownSid, sidText } from './sids.ts';

export const SYSTEM_SID = 'S-1-5-18';
export const ADMINISTRATORS_SID = 'S-1-5-32-544';
/** Windows' own installer. */
const TRUSTED_INSTALLER = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464';
/** The built-in administrator of a PC or a domain, and a domain's groups of administrators, whom it makes those of its PCs. */
const OF_ADMINISTRATORS = /^S-1-5-21-\d+-\d+-\d+-(?:500|512|519)$/;
/** An entry for whoever owns it: the owner is checked by itself. */
const OWNER_RIGHTS = 'S-1-3-4';

/** Whoever runs us decides what we do anyway: the person in tray mode, SYSTEM in the service. */
export function isTrusted(sid: string): boolean {
  if (sid === SYSTEM_SID || sid === ADMINISTRATORS_SID || sid === TRUSTED_INSTALLER) return true;
  own ??= ownSid();
  return sid === own || OF_ADMINISTRATORS.test(sid);
}

/**
 * From now on `maker` counts instead of our own account: in a set-up, to which what its account's other programs have laid down is a
 * stranger's. What an administrator makes who has agreed to a start belongs to the Administrators, and what is their own to what
 * they run without that.
 */
export function trustOnlyMaker(maker: string): void {
  own = maker;
}

let own: string | undefined;

export interface Entry {
  readonly sid: string;
  /** ACCESS_MASK. */
  readonly rights: number;
  /** It came from the directory above, and changes with it. */
  readonly inherited: boolean;
}

export interface Access {
  readonly owner: string;
  /** Entries that allow something on the thing itself, not only on what is put into it. */
  readonly allowed: readonly Entry[];
  /** Nothing is inherited from above. */
  readonly isProtected: boolean;
}

const FILE_OBJECT = 1;
const REGISTRY_KEY = 4;
const KERNEL_OBJECT = 6;
const OWNER_AND_DACL = 0x1 | 0x4;
const SE_DACL_PROTECTED = 0x1000;
const INHERIT_ONLY = 0x08;
const INHERITED = 0x10;
const ALLOWED = 0;
const ALLOWED_CALLBACK = 9;
/** Refusing, auditing, labelling: nothing of it lets anybody in. */
const LETS_NOBODY_IN = new Set([1, 2, 3, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
const EVERYBODY: Entry = { sid: 'S-1-1-0', rights: 0xffff_ffff, inherited: false };

/** Of a file or a directory. @throws {WindowsError} */
export function accessOf(handle: Handle): Access {
  return read(handle, FILE_OBJECT);
}

/** Of a pipe. @throws {WindowsError} */
export function accessOfPipe(handle: Handle): Access {
  return read(handle, KERNEL_OBJECT);
}

/** @throws {WindowsError} */
export function accessOfKey(handle: Handle): Access {
  return read(handle, REGISTRY_KEY);
}

function read(handle: Handle, kind: number): Access {
  const [owner, list, descriptor]: [[bigint], [bigint], [bigint]] = [[0n], [0n], [0n]];
  const code = setupNative().GetSecurityInfo(handle, kind, OWNER_AND_DACL, owner, null, list, null, descriptor);
  if (code !== 0) throw new WindowsError('reading an access list', code);
  using _ = atEnd(() => native().LocalFree(descriptor[0]));
  const control: [number] = [0];
  setupNative().GetSecurityDescriptorControl(descriptor[0], control, [0]);
  return {
    owner: owner[0] ? sidText(owner[0]) : '',
    // No list at all: everybody may do everything.
    allowed: list[0] ? entriesOf(bytesOf(list[0])) : [EVERYBODY],
    isProtected: (control[0] & SE_DACL_PROTECTED) !== 0,
  };
}

/** An ACL with its entries; its size stands in its header, and is a multiple of four. */
function bytesOf(list: bigint): Buffer {
  const size = ((decodeUint32s(list, 1)[0] ?? 0) >>> 16) / 4;
  return Buffer.from(Uint32Array.from(decodeUint32s(list, size)).buffer);
}

/** As [MS-DTYP] 2.4.5 lays them out. */
export function entriesOf(list: Buffer): Entry[] {
  const entries: Entry[] = [];
  let at = 8;
  for (let left = list.readUInt16LE(4); left > 0; left--) {
    const [type, flags, size] = [list.readUInt8(at), list.readUInt8(at + 1), list.readUInt16LE(at + 2)];
    if ((flags & INHERIT_ONLY) === 0 && !LETS_NOBODY_IN.has(type)) {
      const isPlain = type === ALLOWED || type === ALLOWED_CALLBACK;
      const sid = isPlain ? sidAt(list, at + 8) : EVERYBODY.sid;
      entries.push({ sid, rights: list.readUInt32LE(at + 4), inherited: (flags & INHERITED) !== 0 });
    }
    at += size;
  }
  return entries;
}

function sidAt(bytes: Buffer, at: number): string {
  const parts = Array.from({ length: bytes.readUInt8(at + 1) }, (_, part) => bytes.readUInt32LE(at + 8 + 4 * part));
  return ['S', bytes.readUInt8(at), bytes.readUIntBE(at + 2, 6), ...parts].join('-');
}

const [DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_ALL, GENERIC_WRITE, DELETE_CHILD] = [
  0x1_0000, 0x4_0000, 0x8_0000, 0x1000_0000, 0x4000_0000, 0x40,
];
/** To write, append, add, delete or rename it or what is in it, or to say who may. */
const CHANGES =
  0x2 | 0x4 | 0x10 | 0x100 | DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL | GENERIC_WRITE;
/** To put something else in the place of what lies in it. Adding beside it is none of these: everybody may below `C:\`. */
const EXCHANGES = DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;
/** To set a value, make a key below, link it elsewhere, delete it, or to say who may. */
const CHANGES_KEY = 0x2 | 0x4 | 0x20 | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL | GENERIC_WRITE;

/** Why somebody who is no administrator could change it, for people; null: nobody could. `rights`: what must be nobody's. */
export function distrust({ owner, allowed }: Access, rights: number = CHANGES): string | null {
  if (!isTrusted(owner)) return `belongs to ${owner}, who is no administrator`;
  const other = allowed.find((entry) => (entry.rights & rights) !== 0 && !isTrustedEntry(entry));
  return other === undefined ? null : `can be changed by ${other.sid}, who is no administrator`;
}

export function distrustKey(access: Access): string | null {
  return distrust(access, CHANGES_KEY);
}

/** Of a list that lets others in, the first of them. */
export function readerOf({ allowed }: Access, rights = 0xffff_ffff): string | null {
  return allowed.find((entry) => (entry.rights & rights) !== 0 && !isTrustedEntry(entry))?.sid ?? null;
}

/** To read what is in a file. */
export const READS = 0x1 | GENERIC_ALL | 0x8000_0000;

/** What must be nobody's on a directory above; the right to rename or delete it too, but of a drive's root that means nothing. */
export function rightsAbove(directory: string): number {
  return win32.dirname(directory) === directory ? EXCHANGES : EXCHANGES | DELETE;
}

function isTrustedEntry({ sid }: Entry): boolean {
  return sid === OWNER_RIGHTS || isTrusted(sid);
}
