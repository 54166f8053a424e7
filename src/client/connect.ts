/** The way to the local socket. */
import { connect, Socket } from 'node:net';
import { WindowsError } from '../platform/windows/native.ts';
import { connectIdentified } from '../platform/windows/pipe-client.ts';

/** To the local socket. On Windows so that whoever listens there can't act for us, where there is native code for that. */
export function connectTo(address: string): Socket {
  if (process.platform !== 'win32') return connect(address);
  try {
    return connectIdentified(address);
  } catch (error) {
    return error instanceof WindowsError ? failed(error) : connect(address);
  }
}

/** As a connection that Node could not make. */
function failed(error: Error): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(error));
  return socket;
}
