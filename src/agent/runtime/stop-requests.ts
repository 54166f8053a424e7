/**
 * Who may end this process from outside: signals, and under the Windows service manager lines of its host on standard input
 * (`native/service-host.c`). Invariant: a host that is gone means the end as well.
 */
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endNow } from '../../platform/end-process.ts';
import { EXIT } from './exit-codes.ts';

/** The whole PC goes down: what is left of the service manager's 60 s after the grace is for the store and the outbox. */
const SHUTDOWN_GRACE_MS = 30_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** `graceMs`: running scripts get no more than that, whatever the settings say; null: what the settings say. */
export type StopListener = (graceMs: number | null) => void;

/** What became of somebody's session (`WTS_SESSION_*`); the others are changes without a name here. */
export type SessionEvent = 'logon' | 'logoff' | 'lock' | 'unlock';
const SESSION_EVENTS: ReadonlyMap<string, SessionEvent> = new Map([
  ['5', 'logon'],
  ['6', 'logoff'],
  ['7', 'lock'],
  ['8', 'unlock'],
]);

const host = new EventEmitter<{ stop: [graceMs: number | null]; session: [event: SessionEvent | null] }>();

/** Calls `listener` whenever somebody asks for the end; returns how to end that. */
export function onStopRequest(listener: StopListener): () => void {
  const bySignal = () => listener(null);
  for (const signal of SIGNALS) process.on(signal, bySignal);
  host.on('stop', listener);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, bySignal);
    host.off('stop', listener);
  };
}

/** Calls `before` when somebody asks for the end before anybody listens for that; the process ends as it would without. */
export function onEarlyStop(before: () => void): () => void {
  const bySignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    before();
    process.removeListener(signal, bySignal);
    process.kill(process.pid, signal);
  };
  const byHost = () => {
    if (host.listenerCount('stop') > 1) return;
    before();
    endNow(EXIT.stopped);
  };
  for (const signal of SIGNALS) process.on(signal, bySignal);
  host.on('stop', byHost);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, bySignal);
    host.off('stop', byHost);
  };
}

/** Calls `listener` when somebody's session changes, as far as the host says so; returns how to end that. */
export function onSessionChange(listener: (event: SessionEvent | null) => void): () => void {
  host.on('session', listener);
  return () => host.off('session', listener);
}

/** Follows the lines of the service's host; an unknown one is for a newer agent, and ignored. */
export function followServiceHost(input: Readable & { unref?(): unknown }): void {
  // Listening alone must not keep a process going that has come to its end.
  input.unref?.();
  const stop = (graceMs: number | null) => {
    // As with a signal that nobody handles.
    if (!host.emit('stop', graceMs)) endNow(EXIT.stopped);
  };
  createInterface({ input })
    .on('line', (line) => {
      if (line === 'stop') stop(null);
      else if (line === 'preshutdown') stop(SHUTDOWN_GRACE_MS);
      else if (line.startsWith('session ')) host.emit('session', SESSION_EVENTS.get(line.split(' ')[1] ?? '') ?? null);
    })
    .on('close', () => stop(null));
}
