/*
 * Whether nobody but the Administrators can change what is in a directory, as `src/platform/windows/access-list.ts` has it: no
 * link, an owner whom we trust, and an access list that lets nobody else write.
 */
#ifndef KANADE_TRAY_SAFE_DIRECTORY_H
#define KANADE_TRAY_SAFE_DIRECTORY_H

#include <windows.h>

#include <aclapi.h>

#define OTHERS_MUST_NOT                                                                                             \
  (FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | FILE_DELETE_CHILD | DELETE | WRITE_DAC | \
   WRITE_OWNER | GENERIC_ALL | GENERIC_WRITE)

/* SYSTEM, the Administrators, and the account that we run as. */
static BOOL is_trusted(PSID sid) {
  BYTE user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  DWORD size;
  HANDLE token;
  if (IsWellKnownSid(sid, WinLocalSystemSid) || IsWellKnownSid(sid, WinBuiltinAdministratorsSid)) return TRUE;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return FALSE;
  BOOL is_ours =
      GetTokenInformation(token, TokenUser, user, sizeof user, &size) && EqualSid(sid, ((TOKEN_USER *)user)->User.Sid);
  CloseHandle(token);
  return is_ours;
}

static BOOL lets_others_write(PACL list) {
  // No list at all: everybody may do everything.
  if (list == NULL) return TRUE;
  for (DWORD at = 0; at < list->AceCount; at++) {
    ACCESS_ALLOWED_ACE *entry;
    if (!GetAce(list, at, (void **)&entry)) return TRUE;
    BYTE type = entry->Header.AceType;
    if ((entry->Header.AceFlags & INHERIT_ONLY_ACE) != 0 || type == ACCESS_DENIED_ACE_TYPE) continue;
    BOOL is_plain = type == ACCESS_ALLOWED_ACE_TYPE;
    if ((entry->Mask & OTHERS_MUST_NOT) != 0 && !(is_plain && is_trusted(&entry->SidStart))) return TRUE;
  }
  return FALSE;
}

static BOOL is_safe_directory(const WCHAR *path) {
  DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
  DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  HANDLE handle =
      CreateFileW(path, READ_CONTROL | FILE_READ_ATTRIBUTES, share, NULL, OPEN_EXISTING, flags, NULL);
  if (handle == INVALID_HANDLE_VALUE) return FALSE;
  BY_HANDLE_FILE_INFORMATION info;
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSID owner;
  PACL list;
  BOOL safe = GetFileInformationByHandle(handle, &info) && (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
              (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0 &&
              GetSecurityInfo(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                              NULL, &list, NULL, &descriptor) == ERROR_SUCCESS &&
              is_trusted(owner) && !lets_others_write(list);
  LocalFree(descriptor);
  CloseHandle(handle);
  return safe;
}

#endif
