/*
 * `uninstall.exe`, for people, and `private\uninstall.exe`, which nobody else can hold: waits for the uninstaller and ends with its
 * exit code, so that those who deploy learn how it went. It steps out of the way first, with the uninstaller, into
 * `<root>.removing-<number>`: a program that runs can be moved but not deleted, and nobody but the Administrators can write there.
 * What is left of it goes at the next start of Windows.
 *
 * Invariant: every path begins with what the machine's registry says, never with the one that we were started by. Anybody can have
 * a copy of this program, on a disk or a server whose access lists they have made, or a link of theirs that leads to it, and have an
 * administrator agree to its start.
 */
#include <windows.h>

#include <sddl.h>

#include <stdio.h>
#include <string.h>

#include "current.h"
#include "safe-directory.h"

#define EXIT_FAILED 1603
#define UNINSTALL_KEY L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray"

static WCHAR root[PATH_CHARS], self[PATH_CHARS], aside[PATH_CHARS], own[PATH_CHARS], program[PATH_CHARS];
static WCHAR packed[PATH_CHARS];

/* To look at is not to wait: a lock that somebody has on it is not broken by that. */
static BOOL identify(const WCHAR *path, BY_HANDLE_FILE_INFORMATION *info) {
  DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  HANDLE file = CreateFileW(path, FILE_READ_ATTRIBUTES, share, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return FALSE;
  BOOL known = GetFileInformationByHandle(file, info);
  CloseHandle(file);
  return known;
}

static BOOL is_same_file(const WCHAR *one, const WCHAR *other) {
  BY_HANDLE_FILE_INFORMATION a, b;
  return identify(one, &a) && identify(other, &b) && a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
         a.nFileIndexHigh == b.nFileIndexHigh && a.nFileIndexLow == b.nFileIndexLow;
}

/* Whether we are one of the two in `root`; `self` is its path from there on. */
static BOOL is_our_root(void) {
  WCHAR image[PATH_CHARS];
  if (program_directory(image, 0) != ERROR_SUCCESS) return FALSE;
  const WCHAR *const names[] = {L"uninstall.exe", L"private\\uninstall.exe"};
  for (size_t at = 0; at < sizeof names / sizeof *names; at++)
    if (swprintf(self, PATH_CHARS, L"%ls\\%ls", root, names[at]) > 0 && is_same_file(image, self)) return TRUE;
  return FALSE;
}

/* The same as in `installer/uninstaller.nsi`: the default, too, for a removal that was broken off. */
static BOOL find_root(void) {
  DWORD size = sizeof root;
  if (RegGetValueW(HKEY_LOCAL_MACHINE, UNINSTALL_KEY, L"InstallLocation", RRF_RT_REG_SZ, NULL, root, &size) ==
          ERROR_SUCCESS &&
      is_our_root())
    return TRUE;
  WCHAR programs[PATH_CHARS];
  return programs_directory(programs) == ERROR_SUCCESS &&
         swprintf(root, PATH_CHARS, L"%ls\\Kanade Tray", programs) > 0 && is_our_root();
}

static BOOL find_paths(void) {
  if (!find_root()) return FALSE;
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  return swprintf(aside, PATH_CHARS, L"%ls.removing-%lu%lu", root, now.dwHighDateTime, now.dwLowDateTime) > 0 &&
         swprintf(own, PATH_CHARS, L"%ls\\uninstall.exe", aside) > 0 &&
         swprintf(program, PATH_CHARS, L"%ls\\uninstaller.exe", aside) > 0 &&
         swprintf(packed, PATH_CHARS, L"%ls\\private\\uninstaller.exe", root) > 0;
}

static BOOL is_ours(void) {
  WCHAR private_directory[PATH_CHARS];
  return swprintf(private_directory, PATH_CHARS, L"%ls\\private", root) > 0 && is_safe_directory(root) &&
         is_safe_directory(private_directory);
}

/* Also where others may write: nobody has put anything there before us. */
static BOOL make_aside(void) {
  SECURITY_ATTRIBUTES access = {.nLength = sizeof access};
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
                                                            SDDL_REVISION_1, &access.lpSecurityDescriptor, NULL))
    return FALSE;
  BOOL made = CreateDirectoryW(aside, &access);
  LocalFree(access.lpSecurityDescriptor);
  return made;
}

static BOOL is_gone(void) {
  WCHAR versions[PATH_CHARS];
  return swprintf(versions, PATH_CHARS, L"%ls\\versions", root) > 0 &&
         GetFileAttributesW(versions) == INVALID_FILE_ATTRIBUTES;
}

static DWORD run(const WCHAR *arguments) {
  static WCHAR line[32 * 1024];
  if (swprintf(line, sizeof line / sizeof *line, L"\"%ls\" /FROM=\"%ls\" %ls", program, root, arguments) < 0)
    return EXIT_FAILED;
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  if (!CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, aside, &startup, &started)) return EXIT_FAILED;
  CloseHandle(started.hThread);
  WaitForSingleObject(started.hProcess, INFINITE);
  DWORD code = EXIT_FAILED;
  GetExitCodeProcess(started.hProcess, &code);
  CloseHandle(started.hProcess);
  return code;
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, PWSTR command, int show) {
  (void)instance, (void)previous, (void)command, (void)show;
  load_only_from_windows();
  keep_setup_variables();
  if (!find_paths() || !is_ours()) return EXIT_FAILED;
  // Never in the way of the removal, nor where people may make names; who starts us may have put us there.
  WCHAR windows[PATH_CHARS];
  if (GetSystemDirectoryW(windows, PATH_CHARS) == 0 || !SetCurrentDirectoryW(windows)) return EXIT_FAILED;
  if (!make_aside()) return EXIT_FAILED;
  if (!CopyFileW(packed, program, FALSE)) {
    RemoveDirectoryW(aside);
    return EXIT_FAILED;
  }
  BOOL moved = MoveFileExW(self, own, 0);
  DWORD code = run(arguments_given());
  if (moved && !is_gone()) moved = !MoveFileExW(own, self, MOVEFILE_REPLACE_EXISTING);
  DeleteFileW(program);
  if (moved) MoveFileExW(own, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
  if (!RemoveDirectoryW(aside)) MoveFileExW(aside, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
  return (int)code;
}
