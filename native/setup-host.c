/*
 * A set-up that was started by a command of the agent must outlive the agent that it stops. So it hands over to a service of one
 * run: this program, which waits for its end, runs the line in `command.txt` beside it, takes its own directory and the service
 * away, and ends. What can't go while it runs goes at the next start of Windows.
 */
#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "current.h"

#define SERVICE_NAME L"KanadeTraySetup"
/* Held by each set-up, without sharing, in the directory of Windows' programs (`installer/common.nsh`). */
#define TURN L"Kanade Tray.lock"
#define SETUP_ENDS_WITHIN_MS 60000
#define LOOK_EVERY_MS 100
#define LINE_CHARS (32 * 1024)

static SERVICE_STATUS_HANDLE status_handle;
static WCHAR directory[PATH_CHARS];

static void report(DWORD state, DWORD error) {
  SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state, .dwWin32ExitCode = error};
  SetServiceStatus(status_handle, &status);
}

/* Nobody stops it halfway. */
static DWORD WINAPI on_control(DWORD control, DWORD event, void *data, void *context) {
  (void)event, (void)data, (void)context;
  return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
}

static DWORD read_command(WCHAR line[LINE_CHARS]) {
  WCHAR path[PATH_CHARS];
  if (swprintf(path, PATH_CHARS, L"%ls\\command.txt", directory) < 0) return ERROR_FILENAME_EXCED_RANGE;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return GetLastError();
  DWORD size = 0;
  DWORD error = ReadFile(file, line, (LINE_CHARS - 1) * sizeof(WCHAR), &size, NULL) ? ERROR_SUCCESS : GetLastError();
  CloseHandle(file);
  line[size / sizeof(WCHAR)] = L'\0';
  return error;
}

static DWORD run_command(void) {
  static WCHAR line[LINE_CHARS];
  DWORD error = read_command(line);
  if (error != ERROR_SUCCESS) return error;
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  /* In the directory of a service, which is Windows' own: below a drive people may make names. */
  if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &started))
    return GetLastError();
  CloseHandle(started.hThread);
  WaitForSingleObject(started.hProcess, INFINITE);
  CloseHandle(started.hProcess);
  return ERROR_SUCCESS;
}

static BOOL turn_file(WCHAR path[PATH_CHARS]) {
  WCHAR programs[PATH_CHARS];
  return programs_directory(programs) == ERROR_SUCCESS && swprintf(path, PATH_CHARS, L"%ls\\%ls", programs, TURN) > 0;
}

/* The set-up that we start takes the turn itself, and does not go on without it. */
static void wait_for_setup(void) {
  WCHAR path[PATH_CHARS];
  if (!turn_file(path)) return;
  for (int waited = 0; waited < SETUP_ENDS_WITHIN_MS; waited += LOOK_EVERY_MS) {
    HANDLE turn = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (turn != INVALID_HANDLE_VALUE) CloseHandle(turn);
    else if (GetLastError() != ERROR_FILE_NOT_FOUND) {
      Sleep(LOOK_EVERY_MS);
      continue;
    }
    return;
  }
}

static void remove_service(void) {
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
  if (manager == NULL) return;
  SC_HANDLE service = OpenServiceW(manager, SERVICE_NAME, DELETE);
  if (service != NULL) {
    DeleteService(service);
    CloseServiceHandle(service);
  }
  CloseServiceHandle(manager);
}

static void remove_tree(const WCHAR *path) {
  WCHAR inside[PATH_CHARS];
  WIN32_FIND_DATAW found;
  if (swprintf(inside, PATH_CHARS, L"%ls\\*", path) < 0) return;
  HANDLE search = FindFirstFileW(inside, &found);
  if (search == INVALID_HANDLE_VALUE) return;
  do {
    if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0) continue;
    if (swprintf(inside, PATH_CHARS, L"%ls\\%ls", path, found.cFileName) < 0) continue;
    // A link is taken away, never followed.
    BOOL is_directory = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (is_directory && (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0) remove_tree(inside);
    else if (is_directory) RemoveDirectoryW(inside);
    else if (!DeleteFileW(inside)) MoveFileExW(inside, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
  } while (FindNextFileW(search, &found));
  FindClose(search);
  if (!RemoveDirectoryW(path)) MoveFileExW(path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
}

static void WINAPI service_main(DWORD count, WCHAR **arguments) {
  (void)count, (void)arguments;
  status_handle = RegisterServiceCtrlHandlerExW(SERVICE_NAME, on_control, NULL);
  if (status_handle == NULL) return;
  report(SERVICE_RUNNING, NO_ERROR);
  DWORD error = program_directory(directory, 1);
  wait_for_setup();
  if (error == ERROR_SUCCESS) error = run_command();
  if (error == ERROR_SUCCESS) remove_tree(directory);
  // Last: who waits for its end finds nothing of it.
  remove_service();
  report(SERVICE_STOPPED, error);
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE previous, PWSTR command, int show) {
  (void)instance, (void)previous, (void)command, (void)show;
  load_only_from_windows();
  keep_setup_variables();
  SERVICE_TABLE_ENTRYW services[] = {{(WCHAR[]){SERVICE_NAME}, service_main}, {NULL, NULL}};
  return StartServiceCtrlDispatcherW(services) ? 0 : (int)GetLastError();
}
