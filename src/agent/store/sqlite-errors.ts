/** What an error of SQLite, or of the disk below it, says about the store. */
import { errorCode } from '../../shared/error-code.ts';

/** The file can be read, and is not a store of ours that is whole. */
export class CorruptStore extends Error {
  override readonly name = 'CorruptStore';
}

/** What the disk does not give for so long, asked again and again, is damaged: a disk may be away for a moment. */
export const UNREAD_FOR_MS = 60_000;

export function isFull(error: unknown): boolean {
  // The third: a file that is only read needs some room too.
  return ['SQLITE_FULL', 'ENOSPC', 'SQLITE_IOERR_SHMSIZE', 'EDQUOT'].includes(errorCode(error));
}

export function isUnwritable(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_IOERR') ||
    code.startsWith('SQLITE_CANTOPEN') ||
    code === 'SQLITE_PERM' ||
    // EBUSY: somebody holds a file that would have to go or be moved.
    ['EROFS', 'EACCES', 'EPERM', 'EBUSY', 'ENOTDIR', 'EISDIR', 'EEXIST'].includes(code)
  );
}

export function isBusy(error: unknown): boolean {
  return errorCode(error).startsWith('SQLITE_BUSY') || errorCode(error) === 'SQLITE_LOCKED';
}

export function isCorrupt(error: unknown): boolean {
  const code = errorCode(error);
  return error instanceof CorruptStore || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** A page that the disk can't read: maybe for a moment, maybe for good. */
export function isUnreadable(error: unknown): boolean {
  return ['SQLITE_IOERR_READ', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_IOERR_CORRUPTFS'].includes(errorCode(error));
}

/** Not because of the file that is read: the same may work a little later. */
export function isOfNow(error: unknown): boolean {
  return mayPass(error) && !isUnreadable(error);
}

/** The same may work a little later, whatever the reason is. */
export function mayPass(error: unknown): boolean {
  const code = errorCode(error);
  const isShort = code.startsWith('SQLITE_NOMEM') || ['EMFILE', 'ENFILE', 'ENOMEM'].includes(code);
  return isFull(error) || isUnwritable(error) || isBusy(error) || isShort;
}

/** The system has not done what it was asked for: no mistake of ours, whatever the reason is. */
export function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
