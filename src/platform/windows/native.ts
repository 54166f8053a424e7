/**
 * The functions of Windows that scripts need, bound on first use and never elsewhere. Handles are plain numbers here (0 and
 * −1 are none); whoever gets one closes it.
 */
import { koffi as loadKoffi } from '../koffi.ts';

export type Handle = number;

export interface ProcessInformation {
  hProcess: Handle;
  hThread: Handle;
  dwProcessId: number;
}

export interface StartupInfo {
  readonly lpDesktop: string | null;
  readonly hStdInput: Handle;
  readonly hStdOutput: Handle;
  readonly hStdError: Handle;
}

/** `_WTSINFOW` as far as it is used. The times are 100 ns ticks since 1601; 0: never. */
export interface SessionInfo {
  State: number;
  SessionId: number;
  Domain: string;
  UserName: string;
  ConnectTime: number | bigint;
  DisconnectTime: number | bigint;
  LastInputTime: number | bigint;
  LogonTime: number | bigint;
}

/** Functions return 0 on failure unless it says otherwise; {@link lastError} has the reason. */
export interface Native {
  CloseHandle(handle: Handle): number;
  GetLastError(): number;
  CreateFileW(
    name: string,
    access: number,
    share: number,
    security: null,
    disposition: number,
    flags: number,
    template: Handle,
  ): Handle;
  WriteFile(file: Handle, data: Uint8Array, size: number, written: [number], overlapped: null): number;
  SetHandleInformation(handle: Handle, mask: number, flags: number): number;
  DuplicateHandle(
    from: Handle,
    handle: Handle,
    to: Handle,
    copy: [Handle],
    access: number,
    inherit: number,
    options: number,
  ): number;
  OpenProcess(access: number, inherit: number, pid: number): Handle;
  GetCurrentProcess(): Handle;
  ResumeThread(thread: Handle): number;
  TerminateProcess(process: Handle, exitCode: number): number;
  WaitForSingleObject(handle: Handle, timeoutMs: number): number;
  GetExitCodeProcess(process: Handle, exitCode: [number]): number;
  CreateJobObjectW(security: null, name: null): Handle;
  AssignProcessToJobObject(job: Handle, process: Handle): number;
  TerminateJobObject(job: Handle, exitCode: number): number;
  SetInformationJobObject(job: Handle, kind: number, info: Uint8Array, size: number): number;
  QueryInformationJobObject(job: Handle, kind: number, info: Uint8Array, size: number, needed: null): number;
  lstrlenW(text: bigint): number;
  LocalFree(memory: bigint): bigint;
  GetOEMCP(): number;
  MultiByteToWideChar(
    codePage: number,
    flags: number,
    bytes: Uint8Array,
    size: number,
    text: Uint8Array | null,
    room: number,
  ): number;
  WideCharToMultiByte(
    codePage: number,
    flags: number,
    text: string,
    units: number,
    bytes: Uint8Array,
    room: number,
    replacement: null,
    replaced: [number],
  ): number;
  OpenProcessToken(process: Handle, access: number, token: [Handle]): number;
  DuplicateTokenEx(token: Handle, access: number, security: null, level: number, kind: number, copy: [Handle]): number;
  GetTokenInformation(token: Handle, kind: number, info: Uint8Array, size: number, needed: [number]): number;
  SetTokenInformation(token: Handle, kind: number, info: Uint8Array, size: number): number;
  CreateProcessAsUserW(
    token: Handle,
    application: string,
    commandLine: Uint8Array,
    processSecurity: null,
    threadSecurity: null,
    inheritHandles: number,
    flags: number,
    environment: Uint8Array,
    directory: string | null,
    startup: StartupInfo & { cb: number; dwFlags: number },
    created: ProcessInformation,
  ): number;
  CreateEnvironmentBlock(block: [bigint], token: Handle, inherit: number): number;
  DestroyEnvironmentBlock(block: bigint): number;
  GetUserProfileDirectoryW(token: Handle, path: Uint8Array, units: [number]): number;
  WTSGetActiveConsoleSessionId(): number;
  WTSQueryUserToken(session: number, token: [Handle]): number;
  WTSEnumerateSessionsW(server: Handle, reserved: number, version: number, sessions: [bigint], count: [number]): number;
  WTSQuerySessionInformationW(
    server: Handle,
    session: number,
    kind: number,
    info: [bigint],
    sizeBytes: [number],
  ): number;
  WTSFreeMemory(memory: bigint): void;
  ConvertSidToStringSidW(sid: bigint, text: [bigint]): number;
  OpenSCManagerW(machine: null, database: null, access: number): Handle;
  OpenServiceW(manager: Handle, name: string, access: number): Handle;
  QueryServiceStatus(service: Handle, status: Uint8Array): number;
  CloseServiceHandle(handle: Handle): number;
}

const PROTOTYPES: Readonly<Record<string, readonly string[]>> = {
  'kernel32.dll': [
    'int __stdcall CloseHandle(intptr_t handle)',
    'uint32_t __stdcall GetLastError()',
    'intptr_t __stdcall CreateFileW(str16 name, uint32_t access, uint32_t share, void *security, uint32_t disposition, uint32_t flags, intptr_t template)',
    'int __stdcall WriteFile(intptr_t file, const void *data, uint32_t size, _Out_ uint32_t *written, void *overlapped)',
    'int __stdcall SetHandleInformation(intptr_t handle, uint32_t mask, uint32_t flags)',
    'int __stdcall DuplicateHandle(intptr_t from, intptr_t handle, intptr_t to, _Out_ intptr_t *copy, uint32_t access, int inherit, uint32_t options)',
    'intptr_t __stdcall OpenProcess(uint32_t access, int inherit, uint32_t pid)',
    'intptr_t __stdcall GetCurrentProcess()',
    'uint32_t __stdcall ResumeThread(intptr_t thread)',
    'int __stdcall TerminateProcess(intptr_t process, uint32_t exitCode)',
    'uint32_t __stdcall WaitForSingleObject(intptr_t handle, uint32_t timeoutMs)',
    'int __stdcall GetExitCodeProcess(intptr_t process, _Out_ uint32_t *exitCode)',
    'intptr_t __stdcall CreateJobObjectW(void *security, void *name)',
    'int __stdcall AssignProcessToJobObject(intptr_t job, intptr_t process)',
    'int __stdcall TerminateJobObject(intptr_t job, uint32_t exitCode)',
    'int __stdcall SetInformationJobObject(intptr_t job, int kind, const void *info, uint32_t size)',
    'int __stdcall QueryInformationJobObject(intptr_t job, int kind, void *info, uint32_t size, void *needed)',
    'int __stdcall lstrlenW(void *text)',
    'void *__stdcall LocalFree(void *memory)',
    'uint32_t __stdcall GetOEMCP()',
    'int __stdcall MultiByteToWideChar(uint32_t codePage, uint32_t flags, const void *bytes, int size, void *text, int room)',
    'int __stdcall WideCharToMultiByte(uint32_t codePage, uint32_t flags, str16 text, int units, void *bytes, int room, void *replacement, _Out_ int *replaced)',
    'uint32_t __stdcall WTSGetActiveConsoleSessionId()',
  ],
  'advapi32.dll': [
    'int __stdcall OpenProcessToken(intptr_t process, uint32_t access, _Out_ intptr_t *token)',
    'int __stdcall DuplicateTokenEx(intptr_t token, uint32_t access, void *security, int level, int kind, _Out_ intptr_t *copy)',
    'int __stdcall GetTokenInformation(intptr_t token, int kind, void *info, uint32_t size, _Out_ uint32_t *needed)',
    'int __stdcall SetTokenInformation(intptr_t token, int kind, const void *info, uint32_t size)',
    'int __stdcall CreateProcessAsUserW(intptr_t token, str16 application, void *commandLine, void *processSecurity, void *threadSecurity, int inheritHandles, uint32_t flags, const void *environment, str16 directory, KtrayStartupInfo *startup, _Out_ KtrayProcessInformation *created)',
    'int __stdcall ConvertSidToStringSidW(void *sid, _Out_ void **text)',
    'intptr_t __stdcall OpenSCManagerW(void *machine, void *database, uint32_t access)',
    'intptr_t __stdcall OpenServiceW(intptr_t manager, str16 name, uint32_t access)',
    'int __stdcall QueryServiceStatus(intptr_t service, void *status)',
    'int __stdcall CloseServiceHandle(intptr_t handle)',
  ],
  'userenv.dll': [
    'int __stdcall CreateEnvironmentBlock(_Out_ void **block, intptr_t token, int inherit)',
    'int __stdcall DestroyEnvironmentBlock(void *block)',
    'int __stdcall GetUserProfileDirectoryW(intptr_t token, void *path, _Inout_ uint32_t *units)',
  ],
  'wtsapi32.dll': [
    'int __stdcall WTSQueryUserToken(uint32_t session, _Out_ intptr_t *token)',
    'int __stdcall WTSEnumerateSessionsW(intptr_t server, uint32_t reserved, uint32_t version, _Out_ void **sessions, _Out_ uint32_t *count)',
    'int __stdcall WTSQuerySessionInformationW(intptr_t server, uint32_t session, int kind, _Out_ void **info, _Out_ uint32_t *sizeBytes)',
    'void __stdcall WTSFreeMemory(void *memory)',
  ],
};

type Koffi = typeof import('koffi');

let loaded: { native: Native; koffi: Koffi; sessionInfo: ReturnType<Koffi['struct']>; startupBytes: number } | null =
  null;

function load(): NonNullable<typeof loaded> {
  if (loaded !== null) return loaded;
  const koffi = loadKoffi();
  const startup = koffi.struct('KtrayStartupInfo', {
    cb: 'uint32_t',
    lpReserved: 'str16',
    lpDesktop: 'str16',
    lpTitle: 'str16',
    dwX: 'uint32_t',
    dwY: 'uint32_t',
    dwXSize: 'uint32_t',
    dwYSize: 'uint32_t',
    dwXCountChars: 'uint32_t',
    dwYCountChars: 'uint32_t',
    dwFillAttribute: 'uint32_t',
    dwFlags: 'uint32_t',
    wShowWindow: 'uint16_t',
    cbReserved2: 'uint16_t',
    lpReserved2: 'void *',
    hStdInput: 'intptr_t',
    hStdOutput: 'intptr_t',
    hStdError: 'intptr_t',
  });
  koffi.struct('KtrayProcessInformation', {
    hProcess: 'intptr_t',
    hThread: 'intptr_t',
    dwProcessId: 'uint32_t',
    dwThreadId: 'uint32_t',
  });
  const sessionInfo = koffi.struct('KtraySessionInfo', {
    State: 'int',
    SessionId: 'uint32_t',
    traffic: koffi.array('uint32_t', 6),
    WinStationName: koffi.array('char16_t', 32, 'String'),
    Domain: koffi.array('char16_t', 17, 'String'),
    UserName: koffi.array('char16_t', 21, 'String'),
    ConnectTime: 'int64_t',
    DisconnectTime: 'int64_t',
    LastInputTime: 'int64_t',
    LogonTime: 'int64_t',
    CurrentTime: 'int64_t',
  });
  const functions: Record<string, unknown> = {};
  for (const [library, prototypes] of Object.entries(PROTOTYPES)) {
    const handle = koffi.load(library);
    for (const prototype of prototypes) functions[nameOf(prototype)] = handle.func(prototype);
  }
  loaded = { native: functions as unknown as Native, koffi, sessionInfo, startupBytes: startup.size };
  return loaded;
}

function nameOf(prototype: string): string {
  return /(\w+)\(/.exec(prototype)?.[1] ?? '';
}

export function native(): Native {
  return load().native;
}

export function startupInfoBytes(): number {
  return load().startupBytes;
}

export function decodeSessionInfo(at: bigint): SessionInfo {
  return load().koffi.decode(at, load().sessionInfo) as SessionInfo;
}

/** Unsigned 32-bit numbers from memory that Windows gave us. */
export function decodeUint32s(at: bigint, count: number): number[] {
  return [...(load().koffi.decode(at, 'uint32_t', count) as Iterable<number>)];
}

/** UTF-16 text of known length from memory that Windows gave us. */
export function decodeText(at: bigint, units: number): string {
  return load().koffi.decode(at, 'char16_t', units) as string;
}

/** `what failed (Windows error 5)` */
export class WindowsError extends Error {
  readonly code: number;

  constructor(what: string, code: number) {
    super(`${what} failed (Windows error ${code})`);
    this.code = code;
  }
}

/** Right after the call that failed. */
export function lastError(what: string): WindowsError {
  return new WindowsError(what, native().GetLastError());
}

/** UTF-16 with a NUL at the end. */
export function wideText(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le');
}
