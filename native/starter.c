/*
 * `bin\Kanade Tray.exe`: what the shortcuts, the Run key and the agent start. It starts the current version's application with
 * its own arguments and ends, so that none of them has to change when another version is installed.
 */
#include "current.h"

#include <stdio.h>
#include <stdlib.h>

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, PWSTR command, int show) {
  (void)instance, (void)previous, (void)command, (void)show;
  load_only_from_windows();
  forget_runtime_variables();
  WCHAR root[PATH_CHARS], directory[PATH_CHARS];
  DWORD error = current_version_directory(L"current.json", root, directory);
  if (error != ERROR_SUCCESS) return (int)error;

  WCHAR program[PATH_CHARS];
  if (swprintf(program, PATH_CHARS, L"%ls\\app\\Kanade Tray.exe", directory) < 0) return ERROR_FILENAME_EXCED_RANGE;
  size_t room = wcslen(program) + wcslen(arguments_given()) + 4;
  WCHAR *line = malloc(room * sizeof(WCHAR));
  if (line == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  swprintf(line, room, L"\"%ls\" %ls", program, arguments_given());

  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  if (!CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &started)) return (int)GetLastError();
  // The window of a program that was just started may come to the front; its starter hands that right on.
  AllowSetForegroundWindow(started.dwProcessId);
  CloseHandle(started.hThread);
  CloseHandle(started.hProcess);
  return 0;
}
