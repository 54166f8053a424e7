/** Answers who watches a run from afar with the end of its output so far (protocol §12.3). */
import type { PcId } from '../../shared/ids.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import { decodeTailRequest, encodeTailReply } from '../wire/live-tail.ts';
import { liveTailSubject } from '../wire/subjects.ts';
import type { RecentTail, TailSource } from './recent-tails.ts';
import { respondFitting } from './respond-fitting.ts';

const UNKNOWN: RecentTail = { running: false, stdout: '', stderr: '', stdoutCut: false, stderrCut: false };

/** An id that is not known (any more), or a request that can't be read, is answered with `found: false`. */
export function startLiveTail(options: { pcId: PcId; bus: Bus; tails: TailSource }): Binding {
  return options.bus.subscribe(liveTailSubject(options.pcId), (message) => {
    if (message.reply === undefined) return;
    const request = decodeTailRequest(message.data);
    const tail = request.ok ? options.tails.tail(request.resultId) : undefined;
    const encode = (said: RecentTail) => encodeTailReply({ found: tail !== undefined, ...said });
    respondFitting(message, tail ?? UNKNOWN, encode, endsOf);
  });
}

const LEAST_CHARACTERS = 64;

/** The second half of both streams. */
function endsOf(tail: RecentTail): RecentTail | null {
  const { stdout, stderr } = tail;
  if (stdout.length + stderr.length <= LEAST_CHARACTERS) return null;
  const half = (text: string) => text.slice(Math.ceil(text.length / 2));
  return {
    ...tail,
    stdout: half(stdout),
    stderr: half(stderr),
    stdoutCut: tail.stdoutCut || stdout !== '',
    stderrCut: tail.stderrCut || stderr !== '',
  };
}
