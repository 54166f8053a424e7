/** Asks the service manager of Windows; every handle is closed again. Elsewhere there is no service, and nothing is loaded. */
import { atEnd } from '../../base/at-end.ts';
import { type Handle, native } from './native.ts';

const SC_MANAGER_CONNECT = 0x0001;
const SERVICE_QUERY_STATUS = 0x0004;
const SERVICE_STOPPED = 1;
/** SERVICE_STATUS: seven numbers; the second is the state. */
const STATUS_BYTES = 28;
const STATE_AT = 4;

/** Whether the service is there and not stopped (one that is starting, stopping or paused runs, too). */
export function serviceRuns(name: string): boolean {
  if (process.platform !== 'win32') return false;
  return withHandle(native().OpenSCManagerW(null, null, SC_MANAGER_CONNECT), (manager) =>
    withHandle(native().OpenServiceW(manager, name, SERVICE_QUERY_STATUS), (service) => {
      const status = Buffer.alloc(STATUS_BYTES);
      return native().QueryServiceStatus(service, status) !== 0 && status.readUInt32LE(STATE_AT) !== SERVICE_STOPPED;
    }),
  );
}

function withHandle(handle: Handle, ask: (handle: Handle) => boolean): boolean {
  if (handle === 0) return false;
  using _ = atEnd(() => native().CloseServiceHandle(handle));
  return ask(handle);
}
