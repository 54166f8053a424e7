/** Numbers of the Windows API that more than one file needs, under their names in the Windows SDK. */

/** What `CreateFileW` gives in place of a handle. */
export const INVALID_HANDLE = -1;

export const READ_DATA = 0x1;
export const READ_CONTROL = 0x2_0000;
export const WRITE_DAC = 0x4_0000;
export const WRITE_OWNER = 0x8_0000;
export const SYNCHRONIZE = 0x10_0000;
export const GENERIC_WRITE = 0x4000_0000;
export const GENERIC_READ = 0x8000_0000;

export const OPEN_EXISTING = 3;
/** SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION: whoever has the name for us learns who we are, and can do nothing in our name. */
export const SECURITY_SQOS_PRESENT_IDENTIFICATION = 0x0011_0000;

/** OWNER_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION */
export const OWNER_AND_PROTECTED_DACL = 0x8000_0005;
export const TOKEN_QUERY = 0x8;

export const HKEY_LOCAL_MACHINE = -2147483646;
export const HKEY_USERS = -2147483645;
export const KEY_READ = 0x2_0019;
export const REG_DWORD = 4;
export const RRF_RT_REG_SZ = 0x2;
export const RRF_RT_REG_DWORD = 0x10;
export const RRF_SUBKEY_WOW6464KEY = 0x1_0000;
export const ERROR_FILE_NOT_FOUND = 2;
