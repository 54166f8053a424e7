/**
 * A real broker for a test. Invariant: it is on 127.0.0.1 only, on a port and in a directory of its own, and goes with the test.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Broker } from '../../scripts/lib/broker.ts';
import { findNatsServer } from '../../scripts/lib/nats-server.ts';

/**
 * `url`, `port`, `pid`, `storeDir`, `endpoints`, `log`; `stop()` and `start()`, `kill()` (SIGKILL), `restart({ empty })`,
 * `pause()` and `resume()` (SIGSTOP, SIGCONT). The port stays the same all the time.
 */
export type NatsServer = Broker;

export interface NatsServerOptions {
  /** For configuration and store; kept. Default: a temporary one that is removed. */
  readonly dir?: string;
  readonly port?: number;
  /** More configuration in nats-server's own language: `authorization { … }`, `websocket { … }`, `max_payload: …`. */
  readonly config?: string;
  /** Files in PEM. With `caFile` a client must show a certificate of that authority. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string };
}

/**
 * Starts a nats-server with JetStream; resolves when it accepts connections.
 * Called in a test it ends with the test; called in `beforeAll` the caller ends it with `stop()`.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = await findNatsServer();
  if (binary === undefined) throw new Error('there is no nats-server yet: "npm test" sets it up');
  const directory = options.dir ?? mkdtempSync(join(tmpdir(), 'kanade-tray-nats-'));
  const config = [options.config ?? '', options.tls ? tlsBlock(options.tls) : ''].join('\n');
  const server = new Broker({
    binary,
    directory,
    config,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const end = async () => {
    await server.stop();
    if (options.dir === undefined) rmSync(directory, { recursive: true, force: true });
  };
  whenTestFinished(end);
  try {
    await server.start();
  } catch (error) {
    await end();
    throw error;
  }
  return server;
}

function tlsBlock({ certFile, keyFile, caFile }: NonNullable<NatsServerOptions['tls']>): string {
  const files = [`cert_file: ${JSON.stringify(certFile)}`, `key_file: ${JSON.stringify(keyFile)}`];
  if (caFile !== undefined) files.push(`ca_file: ${JSON.stringify(caFile)}`, 'verify: true');
  return `tls { ${files.join(', ')} }`;
}

/** Outside of a test (in `beforeAll`) Vitest has nothing to attach to and throws; the caller ends the server there. */
function whenTestFinished(work: () => Promise<void>): void {
  try {
    onTestFinished(work);
  } catch {
    // The caller's `afterAll` ends it; `Broker` kills the server when the worker ends.
  }
}
