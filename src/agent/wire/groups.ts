/** Membership in groups, as the fleet writes it. */
import type { GroupName } from '../../shared/ids.ts';
import { type Decoded, decodeObject } from './fields.ts';
import { isGroupName } from './subjects.ts';

/**
 * The groups in a value of `agent_groups` or `agent_groups_derived` (protocol §3.5, §12.3), each once and in byte order.
 * What can't be a group is left out: `*` would bring the commands of every group.
 */
export function decodeGroups(body: Uint8Array): Decoded<'groups', readonly GroupName[]> {
  return decodeObject(body, 'groups', (fields) => unionGroups(fields.strings('groups').filter(isGroupName)));
}

/** Membership is what any of the sources says. In byte order, which is that of the code units since names are ASCII. */
export function unionGroups(...sources: readonly (readonly GroupName[])[]): readonly GroupName[] {
  return [...new Set(sources.flat())].sort();
}
