/*
 * A version on trial names the one before it (`src/base/current-version.ts`). Its starts are counted here, since a version that does
 * not start can't count them: the fourth one is of the version before. An agent that was on the air, or ended in order, takes the
 * count away. `packaging/linux/starter.sh` does the same there.
 */
#ifndef KANADE_TRAY_TRIAL_H
#define KANADE_TRAY_TRIAL_H

#include "current.h"

#include <stdio.h>
#include <string.h>

#define MAX_STARTS 3
#define TRIAL_FILE_BYTES 4096
#define TRIAL_WORD_CHARS 80
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* FALSE: it can't be read, or is no text of ours. */
static BOOL read_trial_file(const WCHAR *path, char text[TRIAL_FILE_BYTES]) {
  HANDLE file = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return FALSE;
  DWORD size = 0;
  BOOL ok = ReadFile(file, text, TRIAL_FILE_BYTES - 1, &size, NULL);
  CloseHandle(file);
  text[size] = '\0';
  return ok;
}

/* The value of `name` as the agent writes it, a text or a number. FALSE: there is none, or none that could stand there. */
static BOOL said_of_trial(const char *text, const char *name, char word[TRIAL_WORD_CHARS]) {
  char key[32];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(text, key);
  if (at == NULL) return FALSE;
  at += strlen(key);
  if (*at == '"') at++;
  size_t length = strspn(at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-");
  if (length == 0 || length >= TRIAL_WORD_CHARS) return FALSE;
  memcpy(word, at, length);
  word[length] = '\0';
  return TRUE;
}

static LONGLONG count_starts(const WCHAR *path) {
  WIN32_FILE_ATTRIBUTE_DATA found;
  if (!GetFileAttributesExW(path, GetFileExInfoStandard, &found)) return 0;
  return ((LONGLONG)found.nFileSizeHigh << 32) | found.nFileSizeLow;
}

static void add_start(const WCHAR *path) {
  HANDLE file = CreateFileW(path, FILE_APPEND_DATA, SHARE_ALL, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return;
  DWORD written;
  WriteFile(file, ".", 1, &written, NULL);
  CloseHandle(file);
}

/* In one step; where the disk takes nothing the version on trial goes on, and is taken back by a later start. */
static void replace_trial_file(const WCHAR *path, const char *text) {
  WCHAR fresh[PATH_CHARS];
  if (swprintf(fresh, PATH_CHARS, L"%ls.0000000000000000.new", path) < 0) return;
  HANDLE file = CreateFileW(fresh, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return;
  DWORD written = 0, size = (DWORD)strlen(text);
  BOOL ok = WriteFile(file, text, size, &written, NULL) && written == size && FlushFileBuffers(file);
  CloseHandle(file);
  if (ok) MoveFileExW(fresh, path, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
}

/* Before each start: counts it, or takes the version on trial back. Without a trial it does nothing. */
static void begin_start(void) {
  WCHAR root[PATH_CHARS], current[PATH_CHARS], starts[PATH_CHARS];
  if (program_directory(root, 2) != ERROR_SUCCESS) return;
  if (swprintf(current, PATH_CHARS, L"%ls\\private\\current.json", root) < 0) return;
  if (swprintf(starts, PATH_CHARS, L"%ls\\private\\starts", root) < 0) return;
  char text[TRIAL_FILE_BYTES], version[TRIAL_WORD_CHARS], before[TRIAL_WORD_CHARS];
  if (!read_trial_file(current, text) || !said_of_trial(text, "before", before)) return;
  if (!said_of_trial(text, "version", version)) return;
  if (count_starts(starts) < MAX_STARTS) {
    add_start(starts);
    return;
  }
  char serial[TRIAL_WORD_CHARS], manifest[TRIAL_WORD_CHARS], line[5 * TRIAL_WORD_CHARS];
  if (!said_of_trial(text, "serial", serial)) strcpy(serial, "0");
  if (!said_of_trial(text, "manifest", manifest)) strcpy(manifest, "");
  snprintf(line, sizeof line, "{\"version\":\"%s\",\"failed\":\"%s\",\"serial\":%s,\"manifest\":\"%s\"}\n", before, version, serial,
           manifest);
  replace_trial_file(current, line);
}

#endif
