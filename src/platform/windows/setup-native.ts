/**
 * Functions of Windows beyond those that scripts need: the service manager, the registry, access lists, and which programs run
 * where. Bound on first use, and never elsewhere.
 */
import { createRequire } from 'node:module';

type Handle = number;

interface SetupNative {
  CreateServiceW(...args: readonly unknown[]): Handle;
  ChangeServiceConfigW(...args: readonly unknown[]): number;
  ChangeServiceConfig2W(service: Handle, level: number, info: unknown): number;
  OpenSCManagerW(machine: null, database: null, access: number): Handle;
  OpenServiceW(manager: Handle, name: string, access: number): Handle;
  StartServiceW(service: Handle, count: number, args: null): number;
  ControlService(service: Handle, control: number, status: Uint8Array): number;
  QueryServiceStatusEx(service: Handle, level: number, status: Uint8Array, size: number, needed: [number]): number;
  DeleteService(service: Handle): number;
  CloseServiceHandle(handle: Handle): number;
  RegCreateKeyExW(...args: readonly unknown[]): number;
  RegOpenKeyExW(root: number, key: string, options: number, access: number, opened: [Handle]): number;
  RegSetValueExW(key: Handle, name: string, reserved: number, kind: number, data: Uint8Array, size: number): number;
  RegDeleteValueW(key: Handle, name: string): number;
  RegDeleteKeyExW(root: number, key: string, access: number, reserved: number): number;
  RegCloseKey(key: Handle): number;
  RegEnumKeyExW(...args: readonly unknown[]): number;
  RegEnumValueW(...args: readonly unknown[]): number;
  RegGetValueW(
    key: Handle,
    sub: string,
    name: string,
    flags: number,
    kind: null,
    data: Uint8Array,
    size: [number],
  ): number;
  ProcessIdToSessionId(pid: number, session: [number]): number;
  RegQueryInfoKeyW(...args: readonly unknown[]): number;
  RegSetKeySecurity(key: Handle, what: number, descriptor: bigint): number;
  GetSecurityDescriptorDacl(descriptor: bigint, present: [number], list: [bigint], defaulted: [number]): number;
  GetNamedSecurityInfoW(...args: readonly unknown[]): number;
  SetSecurityInfo(...args: readonly unknown[]): number;
  ConvertStringSecurityDescriptorToSecurityDescriptorW(
    text: string,
    revision: number,
    made: [bigint],
    size: null,
  ): number;
  CreateDirectoryW(path: string, security: Uint8Array): number;
  GetDriveTypeW(root: string): number;
  /** Gives how many units it has written, or would have. */
  GetSystemDirectoryW(into: Uint8Array, units: number): number;
  GetSystemPowerStatus(status: Uint8Array): number;
  /** Gives −1 where it fails. */
  CreateFileW(
    name: string,
    access: number,
    share: number,
    security: Uint8Array | null,
    disposition: number,
    flags: number,
    template: Handle,
  ): Handle;
  AdjustTokenPrivileges(
    token: Handle,
    none: number,
    wanted: Uint8Array,
    size: number,
    before: Uint8Array | null,
    needed: [number],
  ): number;
  GetFileInformationByHandle(handle: Handle, info: Uint8Array): number;
  ReadFile(handle: Handle, into: Uint8Array, size: number, read: [number], overlapped: null): number;
  GetSecurityInfo(...args: readonly unknown[]): number;
  GetSecurityDescriptorControl(descriptor: bigint, control: [number], revision: [number]): number;
  SetKernelObjectSecurity(handle: Handle, what: number, descriptor: bigint): number;
  /** Both give an NTSTATUS: 0 is fine. */
  NtCreateFile(...args: readonly unknown[]): number;
  NtSetInformationFile(handle: Handle, io: Uint8Array, info: Uint8Array, size: number, kind: number): number;
  NtQueryInformationFile(handle: Handle, io: Uint8Array, info: Uint8Array, size: number, kind: number): number;
  NtQueryDirectoryFile(...args: readonly unknown[]): number;
  RtlNtStatusToDosError(status: number): number;
  CreateToolhelp32Snapshot(what: number, pid: number): Handle;
  Process32FirstW(snapshot: Handle, entry: Uint8Array): number;
  Process32NextW(snapshot: Handle, entry: Uint8Array): number;
  QueryFullProcessImageNameW(process: Handle, flags: number, name: Uint8Array, size: [number]): number;
}

const PROTOTYPES: Readonly<Record<string, readonly string[]>> = {
  'advapi32.dll': [
    'intptr_t __stdcall CreateServiceW(intptr_t manager, str16 name, str16 shown, uint32_t access, uint32_t type, uint32_t start, uint32_t error, str16 path, void *group, void *tag, void *needs, void *account, void *password)',
    'int __stdcall ChangeServiceConfigW(intptr_t service, uint32_t type, uint32_t start, uint32_t error, str16 path, void *group, void *tag, void *needs, void *account, void *password, str16 shown)',
    'int __stdcall ChangeServiceConfig2W(intptr_t service, uint32_t level, const void *info)',
    'intptr_t __stdcall OpenSCManagerW(void *machine, void *database, uint32_t access)',
    'intptr_t __stdcall OpenServiceW(intptr_t manager, str16 name, uint32_t access)',
    'int __stdcall StartServiceW(intptr_t service, uint32_t count, void *args)',
    'int __stdcall ControlService(intptr_t service, uint32_t control, void *status)',
    'int __stdcall QueryServiceStatusEx(intptr_t service, int level, void *status, uint32_t size, _Out_ uint32_t *needed)',
    'int __stdcall DeleteService(intptr_t service)',
    'int __stdcall CloseServiceHandle(intptr_t handle)',
    'long __stdcall RegCreateKeyExW(intptr_t root, str16 key, uint32_t reserved, void *kind, uint32_t options, uint32_t access, const void *security, _Out_ intptr_t *opened, _Out_ uint32_t *disposition)',
    'long __stdcall RegOpenKeyExW(intptr_t root, str16 key, uint32_t options, uint32_t access, _Out_ intptr_t *opened)',
    'long __stdcall RegSetValueExW(intptr_t key, str16 name, uint32_t reserved, uint32_t kind, const void *data, uint32_t size)',
    'long __stdcall RegDeleteValueW(intptr_t key, str16 name)',
    'long __stdcall RegDeleteKeyExW(intptr_t root, str16 key, uint32_t access, uint32_t reserved)',
    'long __stdcall RegCloseKey(intptr_t key)',
    'long __stdcall RegEnumKeyExW(intptr_t key, uint32_t index, void *name, _Inout_ uint32_t *units, void *reserved, void *kind, void *size, void *written)',
    'long __stdcall RegEnumValueW(intptr_t key, uint32_t index, void *name, _Inout_ uint32_t *units, void *reserved, void *kind, void *data, _Out_ uint32_t *size)',
    'long __stdcall RegGetValueW(intptr_t key, str16 sub, str16 name, uint32_t flags, void *kind, void *data, _Inout_ uint32_t *size)',
    'long __stdcall RegQueryInfoKeyW(intptr_t key, void *class, void *size, void *reserved, _Out_ uint32_t *keys, void *longest, void *longestClass, _Out_ uint32_t *values, void *longestName, void *largest, void *security, void *written)',
    'long __stdcall RegSetKeySecurity(intptr_t key, uint32_t what, void *descriptor)',
    'int __stdcall GetSecurityDescriptorDacl(void *descriptor, _Out_ int *present, _Out_ void **list, _Out_ int *defaulted)',
    'uint32_t __stdcall GetNamedSecurityInfoW(str16 name, int kind, uint32_t what, _Out_ void **owner, void *group, void *list, void *audit, _Out_ void **descriptor)',
    'uint32_t __stdcall GetSecurityInfo(intptr_t handle, int kind, uint32_t what, _Out_ void **owner, void *group, _Out_ void **list, void *audit, _Out_ void **descriptor)',
    'int __stdcall GetSecurityDescriptorControl(void *descriptor, _Out_ uint16_t *control, _Out_ uint32_t *revision)',
    'int __stdcall AdjustTokenPrivileges(intptr_t token, int none, const void *wanted, uint32_t size, void *before, _Out_ uint32_t *needed)',
    'int __stdcall SetKernelObjectSecurity(intptr_t handle, uint32_t what, void *descriptor)',
    'uint32_t __stdcall SetSecurityInfo(intptr_t handle, int kind, uint32_t what, void *owner, void *group, void *list, void *audit)',
    'int __stdcall ConvertStringSecurityDescriptorToSecurityDescriptorW(str16 text, uint32_t revision, _Out_ void **made, void *size)',
  ],
  'kernel32.dll': [
    'uint32_t __stdcall GetDriveTypeW(str16 root)',
    'uint32_t __stdcall GetSystemDirectoryW(void *into, uint32_t units)',
    'int __stdcall GetSystemPowerStatus(void *status)',
    'int __stdcall CreateDirectoryW(str16 path, const void *security)',
    'intptr_t __stdcall CreateFileW(str16 name, uint32_t access, uint32_t share, const void *security, uint32_t disposition, uint32_t flags, intptr_t template)',
    'int __stdcall GetFileInformationByHandle(intptr_t handle, void *info)',
    'int __stdcall ReadFile(intptr_t handle, void *into, uint32_t size, _Out_ uint32_t *read, void *overlapped)',
    'int __stdcall ProcessIdToSessionId(uint32_t pid, _Out_ uint32_t *session)',
    'intptr_t __stdcall CreateToolhelp32Snapshot(uint32_t what, uint32_t pid)',
    'int __stdcall Process32FirstW(intptr_t snapshot, void *entry)',
    'int __stdcall Process32NextW(intptr_t snapshot, void *entry)',
    'int __stdcall QueryFullProcessImageNameW(intptr_t process, uint32_t flags, void *name, _Inout_ uint32_t *size)',
  ],
  'ntdll.dll': [
    'int32_t __stdcall NtCreateFile(_Out_ intptr_t *opened, uint32_t access, const void *attributes, void *io, void *size, uint32_t fileAttributes, uint32_t share, uint32_t disposition, uint32_t options, void *extended, uint32_t extendedSize)',
    'int32_t __stdcall NtSetInformationFile(intptr_t handle, void *io, const void *info, uint32_t size, int kind)',
    'int32_t __stdcall NtQueryInformationFile(intptr_t handle, void *io, void *info, uint32_t size, int kind)',
    'uint32_t __stdcall RtlNtStatusToDosError(uint32_t status)',
    'int32_t __stdcall NtQueryDirectoryFile(intptr_t handle, intptr_t event, void *routine, void *context, void *io, void *entries, uint32_t size, int kind, int single, void *pattern, int restart)',
  ],
};

type Koffi = typeof import('koffi');
let loaded: { readonly functions: SetupNative; readonly koffi: Koffi } | null = null;

function load() {
  if (loaded !== null) return loaded;
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const functions: Record<string, unknown> = {};
  for (const [library, prototypes] of Object.entries(PROTOTYPES)) {
    const handle = koffi.load(library);
    for (const prototype of prototypes) functions[/(\w+)\(/.exec(prototype)?.[1] ?? ''] = handle.func(prototype);
  }
  loaded = { functions: functions as unknown as SetupNative, koffi };
  return loaded;
}

export function setupNative(): SetupNative {
  return load().functions;
}

/** For a function that takes a structure of numbers and addresses; the buffers behind the addresses must outlive it. */
export function addressOf(buffer: Uint8Array): bigint {
  return load().koffi.address(buffer) as bigint;
}
