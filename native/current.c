#include "current.h"

#include <stdio.h>
#include <string.h>

#define FILE_BYTES 4096
#define VERSION_CHARS 64
#define PROGRAMS_KEY L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion"

DWORD program_directory(WCHAR path[PATH_CHARS], int levels) {
  DWORD length = GetModuleFileNameW(NULL, path, PATH_CHARS);
  if (length == 0) return GetLastError();
  if (length >= PATH_CHARS) return ERROR_FILENAME_EXCED_RANGE;
  for (int up = 0; up < levels; up++) {
    WCHAR *slash = wcsrchr(path, L'\\');
    if (slash == NULL) return ERROR_BAD_PATHNAME;
    *slash = L'\0';
  }
  return ERROR_SUCCESS;
}

DWORD programs_directory(WCHAR path[PATH_CHARS]) {
  DWORD size = PATH_CHARS * sizeof(WCHAR);
  return (DWORD)RegGetValueW(HKEY_LOCAL_MACHINE, PROGRAMS_KEY, L"ProgramFilesDir", RRF_RT_REG_SZ, NULL, path, &size);
}

void load_only_from_windows(void) { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32); }

static DWORD read_file(const WCHAR *path, char text[FILE_BYTES]) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return GetLastError();
  DWORD size = 0;
  DWORD error = ReadFile(file, text, FILE_BYTES - 1, &size, NULL) ? ERROR_SUCCESS : GetLastError();
  CloseHandle(file);
  text[size] = '\0';
  return error;
}

/* A version becomes a part of a path: nothing in it may lead elsewhere. */
static BOOL is_version_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
}

static DWORD find_version(const char *text, WCHAR version[VERSION_CHARS]) {
  const char *at = strstr(text, "\"version\"");
  if (at == NULL) return ERROR_INVALID_DATA;
  at += strlen("\"version\"");
  at += strspn(at, " \t\r\n");
  if (*at++ != ':') return ERROR_INVALID_DATA;
  at += strspn(at, " \t\r\n");
  if (*at++ != '"') return ERROR_INVALID_DATA;
  int length = 0;
  while (length < VERSION_CHARS - 1 && is_version_char(at[length])) {
    version[length] = (WCHAR)at[length];
    length++;
  }
  version[length] = L'\0';
  BOOL whole = at[length] == '"' && length > 0 && version[0] != L'.' && wcsstr(version, L"..") == NULL;
  return whole ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

DWORD current_version_directory(const WCHAR *name, WCHAR root[PATH_CHARS], WCHAR directory[PATH_CHARS]) {
  DWORD error = program_directory(root, 2);
  if (error != ERROR_SUCCESS) return error;
  WCHAR path[PATH_CHARS];
  if (swprintf(path, PATH_CHARS, L"%ls\\%ls", root, name) < 0) return ERROR_FILENAME_EXCED_RANGE;
  char text[FILE_BYTES];
  error = read_file(path, text);
  if (error != ERROR_SUCCESS) return error;
  WCHAR version[VERSION_CHARS];
  error = find_version(text, version);
  if (error != ERROR_SUCCESS) return error;
  return swprintf(directory, PATH_CHARS, L"%ls\\versions\\%ls", root, version) < 0 ? ERROR_FILENAME_EXCED_RANGE
                                                                                  : ERROR_SUCCESS;
}

/* By how they begin: each release of Node brings new ones. */
static const WCHAR *const RUNTIME_PREFIXES[] = {L"NODE_", L"OPENSSL_", L"SSL_CERT_", L"UV_", L"ELECTRON_"};

static const WCHAR *const SETUP_VARIABLES[] = {
    L"SystemRoot", L"SystemDrive", L"windir", L"TEMP", L"TMP", L"USERPROFILE", L"USERNAME", L"USERDOMAIN",
    L"COMPUTERNAME", L"OS", L"NUMBER_OF_PROCESSORS", L"PROCESSOR_ARCHITECTURE", L"PROCESSOR_ARCHITEW6432", L"KTRAY_RUN",
};

static BOOL begins_runtime(const WCHAR *name) {
  for (size_t at = 0; at < sizeof RUNTIME_PREFIXES / sizeof *RUNTIME_PREFIXES; at++)
    if (_wcsnicmp(name, RUNTIME_PREFIXES[at], wcslen(RUNTIME_PREFIXES[at])) == 0) return TRUE;
  return FALSE;
}

static BOOL is_no_setup_variable(const WCHAR *name) {
  for (size_t at = 0; at < sizeof SETUP_VARIABLES / sizeof *SETUP_VARIABLES; at++)
    if (_wcsicmp(name, SETUP_VARIABLES[at]) == 0) return FALSE;
  return TRUE;
}

/* The block is a copy: what is taken away meanwhile stays in it. Names that begin with "=" are Windows' own. */
static void forget_where(BOOL (*is_forgotten)(const WCHAR *name)) {
  WCHAR *block = GetEnvironmentStringsW();
  if (block == NULL) return;
  for (WCHAR *at = block, *next; *at != L'\0'; at = next) {
    next = at + wcslen(at) + 1;
    WCHAR *equals = wcschr(at + 1, L'=');
    if (*at == L'=' || equals == NULL) continue;
    *equals = L'\0';
    if (is_forgotten(at)) SetEnvironmentVariableW(at, NULL);
  }
  FreeEnvironmentStringsW(block);
}

void forget_runtime_variables(void) { forget_where(begins_runtime); }

void keep_setup_variables(void) {
  forget_where(is_no_setup_variable);
  WCHAR windows[PATH_CHARS];
  UINT length = GetSystemWindowsDirectoryW(windows, PATH_CHARS);
  if (length == 0 || length >= PATH_CHARS) return;
  SetEnvironmentVariableW(L"SystemRoot", windows);
  SetEnvironmentVariableW(L"windir", windows);
  windows[2] = L'\0';
  SetEnvironmentVariableW(L"SystemDrive", windows);
}

const WCHAR *arguments_given(void) {
  const WCHAR *at = GetCommandLineW();
  if (*at == L'"') {
    at = wcschr(at + 1, L'"');
    return at == NULL ? L"" : at + 1;
  }
  at = wcspbrk(at, L" \t");
  return at == NULL ? L"" : at;
}
