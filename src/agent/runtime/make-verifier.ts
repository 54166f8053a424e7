/** Who judges the signatures of a runtime, and what is counted and told of them. Part of the composition root. */
import { AskedPath } from '../../base/answers.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { BootConfig } from '../config/boot-config.ts';
import { readCommandKeys } from '../config/command-keys.ts';
import type { SignatureEvents } from '../duties/signature-events.ts';
import { Verifier } from '../signing/verifier.ts';
import { signatureCounter } from '../store/counters.ts';
import type { Store } from '../store/store.ts';

export interface VerifierParts {
  readonly config: BootConfig;
  readonly store: Store;
  readonly log: Logger;
}

/** Counted is what was found of each signature, whatever became of its command. */
export function makeVerifier({ config, store, log }: VerifierParts, events: SignatureEvents): Verifier {
  const { keysFile } = config.commands;
  const asked = keysFile === null ? null : new AskedPath(keysFile, systemClock);
  const silent = { kind: 'failed', why: `${keysFile} does not answer` } as const;
  return new Verifier({
    pcId: config.agent.id,
    mode: config.commands.signatures,
    readRing: () => (asked?.isSilent ? silent : readCommandKeys(config, { platform: process.platform })),
    ...(asked === null ? {} : { ringPath: asked }),
    clock: systemClock,
    log,
    onFinding: (state, refused) => {
      store.counters.bump(signatureCounter(state));
      if (refused) store.counters.bump('signature_refused');
      events.found(state);
    },
  });
}
