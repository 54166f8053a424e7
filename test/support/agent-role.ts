/**
 * What a broker that gives each agent a user of its own has to allow it, and no more (protocol §11.3). The operators' page
 * `docs/broker-permissions.md` shows the same lists; a test compares the two.
 */
import { durableName } from '../../src/agent/wire/subjects.ts';
import { nameOf } from '../../src/shared/ids.ts';
import { pcIdOf } from './ids.ts';

/** Buckets of which the agent reads single keys, and those that it follows. */
const BUCKETS = ['script_current', 'script_status', 'jobs'] as const;
const WATCHED = ['agent_config', 'agent_groups', 'agent_groups_derived', 'schedules', 'jobs', 'fleet_config'] as const;

/** Who may say this may also read what waits for other PCs, and put back an older value of a key. */
export const CREATE_OF_DURABLE = '$JS.API.CONSUMER.CREATE.EXEC.<durable>';

export interface Role {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Where IT makes the consumers. `<pc_id>`, `<name>` and `<durable>` stand for those of one PC. */
export const AGENT_ROLE: Role = {
  publish: [
    'heartbeat.<pc_id>',
    'results.>',
    'events.started.>',
    'inventory.<pc_id>.hw',
    'obs.<pc_id>',
    '$JS.API.CONSUMER.INFO.EXEC.<durable>',
    '$JS.API.CONSUMER.MSG.NEXT.EXEC.<durable>',
    // Each token: in the other form what stands for domain and account may be another stream and consumer.
    '$JS.ACK.EXEC.<durable>.*.*.*.*.*',
    // As newer servers write it.
    '$JS.ACK.*.*.EXEC.<durable>.*.*.*.*.*',
    ...WATCHED.map((bucket) => `$JS.API.CONSUMER.CREATE.KV_${bucket}`),
    ...BUCKETS.map((bucket) => `$JS.API.DIRECT.GET.KV_${bucket}.>`),
    // Whether a bucket that does not answer is there at all.
    ...BUCKETS.map((bucket) => `$JS.API.STREAM.INFO.KV_${bucket}`),
  ],
  subscribe: [
    'commands.all',
    'commands.pc.<pc_id>',
    'commands.group.>',
    'kill.*',
    'agents.<pc_id>.ping',
    'logs.fetch.<pc_id>',
    'job.tail.<pc_id>',
    'request.inventory.<pc_id>',
    '_INBOX.<name>.>',
  ],
};

/** Where each agent makes its own. */
export const MAKING_ROLE: Role = { ...AGENT_ROLE, publish: [...AGENT_ROLE.publish, CREATE_OF_DURABLE] };

/** What reading an object store takes on top; `<store>` stands for its name. */
export const OBJECT_STORE_ROLE = ['$JS.API.STREAM.MSG.GET.OBJ_<store>'] as const;

/** The permissions of one PC in nats-server's own language; with a `store` also those to read it. */
export function agentPermissions(
  pcId: string,
  { store, role = MAKING_ROLE }: { readonly store?: string; readonly role?: Role } = {},
): string {
  const more = store === undefined ? [] : OBJECT_STORE_ROLE.map((subject) => subject.replace('<store>', store));
  const list = (subjects: readonly string[]) =>
    JSON.stringify(
      subjects.map((subject) =>
        subject
          .replace('<pc_id>', pcId)
          .replace('<name>', nameOf(pcId))
          .replace('<durable>', durableName(pcIdOf(pcId))),
      ),
      null,
      2,
    );
  return `{ publish: ${list([...role.publish, ...more])}\n subscribe: ${list(role.subscribe)}\n allow_responses: true }`;
}

/**
 * A broker's users: `operator` may everything, `agent` only what the agent of this PC may; `reader` also reads `store`.
 * The password of each is its name.
 */
export function roleUsers(pcId: string, store = 'agent_releases'): string {
  return `authorization { users: [
    { user: operator, password: operator }
    { user: agent, password: agent, permissions: ${agentPermissions(pcId)} }
    { user: reader, password: reader, permissions: ${agentPermissions(pcId, { store })} }
  ] }`;
}
