/*
 * Which installed version counts: `current.json` beside the `bin` directory, {"version": "0.1.0"}. It is replaced as a whole
 * when IT installs another one, so whoever reads it gets the old version or the new one, never half of both.
 */
#ifndef KANADE_TRAY_CURRENT_H
#define KANADE_TRAY_CURRENT_H

#include <windows.h>

/* Windows itself allows 32,767; a deeper installation is refused by the installer. */
#define PATH_CHARS 1024

/*
 * Writes `<root>` (the parent of the directory of this program) and `<root>\versions\<current version>`.
 * Returns 0 or a Windows error; ERROR_INVALID_DATA: current.json does not say which.
 */
DWORD current_version_directory(WCHAR root[PATH_CHARS], WCHAR directory[PATH_CHARS]);

/* Writes the directory of this program at 1 level, the program itself at 0, and so on. Returns 0 or a Windows error. */
DWORD program_directory(WCHAR path[PATH_CHARS], int levels);

/* The arguments as they were given, without the name of the program. */
const WCHAR *arguments_given(void);

#endif
