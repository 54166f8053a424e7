/** The code of an error of the system, of Node or of SQLite (`ENOENT`, `ERR_…`, `SQLITE_…`); empty where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
