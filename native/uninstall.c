/*
 * `uninstall.exe`, for people, and `private\uninstall.exe`, which nobody else can hold: waits for the uninstaller and ends with its
 * exit code, so that those who deploy learn how it went. It steps out of the way first, with the uninstaller, into
 * `<root>.removing-<number>`: a program that runs can be moved but not deleted, and nobody but the Administrators can write there.
 * What is left of it goes at the next start of Windows. It runs nothing where somebody who is no administrator could have put it:
 * anybody can have a copy of this program, and have an administrator agree to its start.
 */
#include <windows.h>

#include <sddl.h>

#include <stdio.h>
#include <string.h>

#include "current.h"
#include "safe-directory.h"

#define EXIT_FAILED 1603

static WCHAR root[PATH_CHARS], self[PATH_CHARS], aside[PATH_CHARS], own[PATH_CHARS], program[PATH_CHARS];
static WCHAR packed[PATH_CHARS];

static BOOL find_paths(void) {
  if (program_directory(self, 0) != ERROR_SUCCESS || program_directory(root, 1) != ERROR_SUCCESS) return FALSE;
  WCHAR *last = wcsrchr(root, L'\\');
  // The one for people may lie in a directory that is called so too.
  if (swprintf(packed, PATH_CHARS, L"%ls\\uninstaller.exe", root) < 0) return FALSE;
  if (last != NULL && GetFileAttributesW(packed) != INVALID_FILE_ATTRIBUTES) *last = L'\0';
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
