import { isJsonObject, parseJson } from './json.ts';

const DEFAULT_TAIL_LINES = 500;
const U32_MAX = 2 ** 32 - 1;

/** The request of `logs.fetch`; anything that can't be read asks for 500 lines (protocol §3.4). */
export function decodeLogsRequest(body: Uint8Array): { readonly tailLines: number } {
  const parsed = parseJson(body);
  const asked = parsed.ok && isJsonObject(parsed.value) ? parsed.value.tail_lines : undefined;
  const usable = typeof asked === 'number' && asked >= 0 && asked <= U32_MAX;
  return { tailLines: usable ? asked : DEFAULT_TAIL_LINES };
}
