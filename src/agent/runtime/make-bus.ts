/** The bus of a runtime, with what it signs in by read again for each try. Part of the composition root. */
import { AskedPath } from '../../base/answers.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Bus } from '../bus/bus.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import type { BootConfig } from '../config/boot-config.ts';
import { readCredentials } from '../config/credentials.ts';
import { signInFilesOf } from '../config/paths.ts';
import { readTls } from '../config/tls-files.ts';

export function makeBus(config: BootConfig, log: Logger): Bus {
  const warned = new Set<string>();
  /** Read with each try; what has been said once is known. */
  const warn = (warnings: readonly string[]) => {
    for (const warning of warnings) if (!warned.has(warning)) log.warn(warning);
    for (const warning of warnings) warned.add(warning);
  };
  return new NatsBus({
    pcId: config.agent.id,
    servers: config.agent.natsUrl.urls.map((url) => new URL(url)),
    credentials: () => {
      const read = readCredentials(config, process.env);
      if (!read.ok) return read.error;
      warn(read.warnings);
      return read.credentials;
    },
    tls: () => {
      const read = readTls(config);
      if (!read.ok) return read.error;
      warn(read.warnings);
      return read.tls;
    },
    filesAnswer: filesAnswer(config),
    clock: systemClock,
    log,
  });
}

/** undefined: no file is read for a sign-in. */
function filesAnswer(config: BootConfig): ((signal: AbortSignal) => Promise<string | null>) | undefined {
  const files = signInFilesOf(config).map(({ what, path }) => ({ what, asked: new AskedPath(path, systemClock) }));
  if (files.length === 0) return undefined;
  return async (signal) => {
    for (const { what, asked } of files) if (!(await asked.answers(signal))) return `${what} does not answer`;
    return null;
  };
}
