import { createRequire } from 'node:module';

type ProcessIdToSessionId = (pid: number, session: [number]) => number;
let loaded: ProcessIdToSessionId | undefined;

/** null: there is no such process any more. */
export function sessionOfProcess(pid: number): number | null {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    loaded = koffi
      .load('kernel32.dll')
      .func('int __stdcall ProcessIdToSessionId(uint32_t pid, _Out_ uint32_t *session)') as ProcessIdToSessionId;
  }
  const session: [number] = [0];
  return loaded(pid, session) === 0 ? null : session[0];
}
