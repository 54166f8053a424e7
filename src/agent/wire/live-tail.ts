/** Request and reply of `job.tail.<pc_id>` (protocol §12.3). */
import { isJsonObject, parseJson } from './json.ts';

export type DecodedTailRequest = { readonly ok: true; readonly resultId: string } | { readonly ok: false };

export function decodeTailRequest(body: Uint8Array): DecodedTailRequest {
  const parsed = parseJson(body);
  const resultId = parsed.ok && isJsonObject(parsed.value) ? parsed.value.result_id : undefined;
  return typeof resultId === 'string' ? { ok: true, resultId } : { ok: false };
}

export interface TailReply {
  readonly found: boolean;
  readonly running: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
}

export function encodeTailReply(reply: TailReply): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      found: reply.found,
      running: reply.running,
      stdout: reply.stdout.toWellFormed(),
      stderr: reply.stderr.toWellFormed(),
      stdout_truncated: reply.stdoutTruncated,
      stderr_truncated: reply.stderrTruncated,
    }),
  );
}
