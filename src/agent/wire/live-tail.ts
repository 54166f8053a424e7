/** Watching a run from afar: the request and its answer. */
import type { SentResultId } from '../../shared/ids.ts';
import { type Decoded, decodeObject } from './fields.ts';

/** The end of both streams of a script so far; `…Cut`: there was more before it. */
export interface OutputTail {
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutCut: boolean;
  readonly stderrCut: boolean;
}

/** The end of a run's output so far (protocol §12.3). */
export interface TailReply extends OutputTail {
  readonly found: boolean;
  readonly running: boolean;
}

export function decodeTailRequest(body: Uint8Array): Decoded<'resultId', SentResultId> {
  return decodeObject(body, 'resultId', (fields) => fields.string('result_id') as SentResultId);
}

export function encodeTailReply(reply: TailReply): Uint8Array {
  const text = JSON.stringify({
    found: reply.found,
    running: reply.running,
    stdout: reply.stdout.toWellFormed(),
    stderr: reply.stderr.toWellFormed(),
    stdout_truncated: reply.stdoutCut,
    stderr_truncated: reply.stderrCut,
  });
  return Buffer.from(text);
}
