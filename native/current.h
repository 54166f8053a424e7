/*
 * Which installed version counts: `current.json`, {"version": "0.1.0"}. It is replaced as a whole when IT installs another one, so
 * whoever reads it gets the old version or the new one, never half of both. There are two: that of the service, which people can
 * not even hold open, and a copy for the programs that they start.
 */
#ifndef KANADE_TRAY_CURRENT_H
#define KANADE_TRAY_CURRENT_H

#include <windows.h>

/* Windows itself allows 32,767; a deeper installation is refused by the installer. */
#define PATH_CHARS 1024

/*
 * Writes `<root>` (the parent of the directory of this program) and `<root>\versions\<version>`, which `<root>\<name>` says.
 * Returns 0 or a Windows error; ERROR_INVALID_DATA: it does not say which.
 */
DWORD current_version_directory(const WCHAR *name, WCHAR root[PATH_CHARS], WCHAR directory[PATH_CHARS]);

/* Writes the directory of this program at 1 level, the program itself at 0, and so on. Returns 0 or a Windows error. */
DWORD program_directory(WCHAR path[PATH_CHARS], int levels);

/* Writes where Windows has programs, as the machine's registry says: an environment is not asked. Returns 0 or a Windows error. */
DWORD programs_directory(WCHAR path[PATH_CHARS]);

/*
 * First of all: what is loaded from now on, by Windows' own libraries too, comes from its directory, and never from that of this
 * program, of which anybody can have a copy beside libraries of theirs.
 */
void load_only_from_windows(void);

/*
 * Takes out of our environment, and so out of that of all that we start, whatever makes another program of Node or of Electron: code
 * to load first, another place for modules, certificates that nobody checks. Who starts us is often somebody with fewer rights.
 */
void forget_runtime_variables(void);

/*
 * Leaves in it only what a set-up needs (the same as in `installer/common.nsh`), with Windows' own directory as Windows says it: it
 * has rights that whoever has started it has not, and their own part of the registry is in its environment.
 */
void keep_setup_variables(void);

/* The arguments as they were given, without the name of the program. */
const WCHAR *arguments_given(void);

#endif
