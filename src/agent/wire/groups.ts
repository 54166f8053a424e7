import { isJsonObject, parseJson } from './json.ts';
import { isGroupName } from './subjects.ts';

export type DecodedGroups =
  | { readonly ok: true; readonly groups: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** `{"groups":[…]}` (protocol §3.5). Names that can be no subject are left out: nothing can be sent to them. */
export function decodeGroups(body: Uint8Array): DecodedGroups {
  const parsed = parseJson(body);
  if (!parsed.ok) return parsed;
  const list = isJsonObject(parsed.value) ? parsed.value.groups : undefined;
  if (!Array.isArray(list)) return { ok: false, error: 'groups: expected a list of texts' };
  const groups: string[] = [];
  for (const name of list) {
    if (typeof name !== 'string') return { ok: false, error: 'groups: expected a list of texts' };
    if (isGroupName(name)) groups.push(name);
  }
  return { ok: true, groups };
}
