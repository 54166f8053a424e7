/** Services of Windows: made, changed, started, stopped, taken away. Only the set-up does that. */
import { atEnd } from '../../base/at-end.ts';
import { lastError, WindowsError } from './native.ts';
import { addressOf, setupNative } from './setup-native.ts';

export interface ServiceSpec {
  readonly name: string;
  readonly shownName: string;
  readonly description: string;
  /** Quoted. */
  readonly commandLine: string;
  /** Whether it starts with Windows. */
  readonly autostart: boolean;
  /** It does its work once, and is not started again when it fails. */
  readonly isForOneRun?: boolean;
}

export type ServiceState = 'absent' | 'stopped' | 'starting' | 'stopping' | 'running' | 'other';

const SC_MANAGER_ALL_ACCESS = 0xf003f;
const SERVICE_ALL_ACCESS = 0xf01ff;
const SERVICE_WIN32_OWN_PROCESS = 0x10;
const SERVICE_AUTO_START = 2;
const SERVICE_DEMAND_START = 3;
const SERVICE_DISABLED = 4;
const SERVICE_ERROR_NORMAL = 1;
const SERVICE_NO_CHANGE = 0xffff_ffff;
const SERVICE_CONTROL_STOP = 1;
const STATES: readonly ServiceState[] = ['other', 'stopped', 'starting', 'stopping', 'running'];
const CONFIG = { description: 1, failureActions: 2, failureFlag: 4, preshutdown: 7 } as const;
const ERROR_SERVICE_DOES_NOT_EXIST = 1060;
const ERROR_SERVICE_NOT_ACTIVE = 1062;
const ERROR_SERVICE_MARKED_FOR_DELETE = 1072;
const ERROR_SERVICE_ALREADY_RUNNING = 1056;
const RESTART_AFTER_MS = [5_000, 15_000, 60_000];
const FAILURES_FORGOTTEN_AFTER_SECS = 86_400;
const PRESHUTDOWN_MS = 60_000;
const SC_ACTION_RESTART = 1;
/** SERVICE_STATUS_PROCESS: nine numbers, the second is the state, the eighth the process. */
const STATUS_BYTES = 36;

/** Makes the service, or changes one that is there to what it must be. */
export function putService(spec: ServiceSpec): void {
  withManager((manager) => {
    const { name, shownName, commandLine, autostart } = spec;
    let service = setupNative().OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    const start = autostart ? SERVICE_AUTO_START : SERVICE_DEMAND_START;
    const type = [SERVICE_WIN32_OWN_PROCESS, start, SERVICE_ERROR_NORMAL] as const;
    if (service === 0) {
      service = setupNative().CreateServiceW(
        manager,
        name,
        shownName,
        SERVICE_ALL_ACCESS,
        ...type,
        commandLine,
        null,
        null,
        null,
        null,
        null,
      );
      if (service === 0) throw lastError('CreateService');
    } else if (
      setupNative().ChangeServiceConfigW(service, ...type, commandLine, null, null, null, null, null, shownName) === 0
    ) {
      const error = lastError('ChangeServiceConfig');
      setupNative().CloseServiceHandle(service);
      throw error;
    }
    using _ = atEnd(() => setupNative().CloseServiceHandle(service));
    describe(service, spec);
  });
}

/** What comes beyond the program (deploy §2); a service runs without it as well. */
function describe(service: number, { description, isForOneRun = false }: ServiceSpec): void {
  const set = (level: number, info: Uint8Array) => void setupNative().ChangeServiceConfig2W(service, level, info);
  const text = Buffer.from(`${description}\0`, 'utf16le');
  const pointer = Buffer.alloc(8);
  pointer.writeBigUInt64LE(addressOf(text));
  set(CONFIG.description, pointer);
  if (isForOneRun) return;

  const actions = Buffer.alloc(RESTART_AFTER_MS.length * 8);
  for (const [at, afterMs] of RESTART_AFTER_MS.entries()) {
    actions.writeUInt32LE(SC_ACTION_RESTART, at * 8);
    actions.writeUInt32LE(afterMs, at * 8 + 4);
  }
  // SERVICE_FAILURE_ACTIONS: reset period, two texts that stay, how many, where.
  const failure = Buffer.alloc(40);
  failure.writeUInt32LE(FAILURES_FORGOTTEN_AFTER_SECS, 0);
  failure.writeUInt32LE(RESTART_AFTER_MS.length, 24);
  failure.writeBigUInt64LE(addressOf(actions), 32);
  set(CONFIG.failureActions, failure);
  const one = Buffer.alloc(4);
  one.writeUInt32LE(1);
  set(CONFIG.failureFlag, one);
  const preshutdown = Buffer.alloc(4);
  preshutdown.writeUInt32LE(PRESHUTDOWN_MS);
  set(CONFIG.preshutdown, preshutdown);
}

export function serviceState(name: string): ServiceState {
  return withManager((manager) => withService(manager, name, stateOf) ?? 'absent');
}

function stateOf(service: number): ServiceState {
  const status = Buffer.alloc(STATUS_BYTES);
  if (setupNative().QueryServiceStatusEx(service, 0, status, status.length, [0]) === 0)
    throw lastError('QueryServiceStatusEx');
  return STATES[status.readUInt32LE(4)] ?? 'other';
}

/** Asks for the start; one that runs is left alone. */
export function startService(name: string): void {
  withManager((manager) => {
    const started = withService(
      manager,
      name,
      (service) => setupNative().StartServiceW(service, 0, null) !== 0 || lastIs(ERROR_SERVICE_ALREADY_RUNNING),
    );
    if (started === null) throw new WindowsError(`the start of ${name}`, ERROR_SERVICE_DOES_NOT_EXIST);
  });
}

/** Asks for the end; one that is not there or does not run is left alone. */
export function stopService(name: string): void {
  withManager((manager) => {
    withService(manager, name, (service) => {
      const status = Buffer.alloc(STATUS_BYTES);
      return (
        setupNative().ControlService(service, SERVICE_CONTROL_STOP, status) !== 0 || lastIs(ERROR_SERVICE_NOT_ACTIVE)
      );
    });
  });
}

/** Nobody starts it any more, or the system does at its start again; one that is not there is left alone. */
export function enableService(name: string, enabled: boolean): void {
  withManager((manager) => {
    withService(manager, name, (service) => {
      const start = enabled ? SERVICE_AUTO_START : SERVICE_DISABLED;
      const same = SERVICE_NO_CHANGE;
      if (
        setupNative().ChangeServiceConfigW(service, same, start, same, null, null, null, null, null, null, null) === 0
      )
        throw lastError(`changing ${name}`);
    });
  });
}

/** Takes the service away; one that is not there is left alone. */
export function removeService(name: string): void {
  withManager((manager) => {
    withService(manager, name, (service) => {
      // One that still runs goes when it has ended.
      if (setupNative().DeleteService(service) === 0) lastIs(ERROR_SERVICE_MARKED_FOR_DELETE);
    });
  });
}

function lastIs(code: number): true {
  const error = lastError('the service manager');
  if (error.code !== code) throw error;
  return true;
}

function withManager<T>(work: (manager: number) => T): T {
  const manager = setupNative().OpenSCManagerW(null, null, SC_MANAGER_ALL_ACCESS);
  if (manager === 0) throw lastError('OpenSCManager');
  using _ = atEnd(() => setupNative().CloseServiceHandle(manager));
  return work(manager);
}

/** null: there is no such service. */
function withService<T>(manager: number, name: string, work: (service: number) => T): T | null {
  const service = setupNative().OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
  if (service === 0) {
    lastIs(ERROR_SERVICE_DOES_NOT_EXIST);
    return null;
  }
  using _ = atEnd(() => setupNative().CloseServiceHandle(service));
  return work(service);
}
