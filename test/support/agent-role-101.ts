/** The role of an agent as a fleet at 0.101 has it in its users file, word for word (protocol §11.3). */

const BUCKETS =
  'agent_config agent_groups agent_groups_derived script_current script_status jobs schedules fleet_config notifications_read';
const STORES = 'scripts agent_releases result_output collections';

const each = (names: string, subject: (name: string) => string) => names.split(' ').map(subject);
/** A pc_id has one to four labels. */
const perPc = (prefix: string) => each('* *.* *.*.* *.*.*.*', (labels) => `${prefix}.${labels}`);

export const AGENT_ROLE_101 = {
  publish: [
    ...['heartbeat', 'host_perf', 'process_perf'].flatMap(perPc),
    'remote.frame.*',
    'results.*',
    ...perPc('events.started.*'),
    'events.notifications.*.*.*.*',
    'obs.*',
    '$KV.notifications_read.>',
    '$O.result_output.>',
    '$O.collections.>',
    ...each(BUCKETS, (bucket) => `$JS.API.STREAM.INFO.KV_${bucket}`),
    ...each(STORES, (store) => `$JS.API.STREAM.INFO.OBJ_${store}`),
    '$JS.API.STREAM.INFO.EXEC',
    '$JS.API.STREAM.INFO.NOTIFICATIONS',
    ...each(BUCKETS, (bucket) => `$JS.API.DIRECT.GET.KV_${bucket}.>`),
    ...each(BUCKETS, (bucket) => `$JS.API.CONSUMER.CREATE.KV_${bucket}`),
    ...each(STORES, (store) => `$JS.API.STREAM.MSG.GET.OBJ_${store}`),
    ...each('scripts agent_releases', (store) => `$JS.API.CONSUMER.CREATE.OBJ_${store}`),
    ...each('CREATE INFO MSG.NEXT', (what) => `$JS.API.CONSUMER.${what}.EXEC.*`),
    '$JS.API.CONSUMER.CREATE.NOTIFICATIONS',
    ...each('NOTIFICATIONS KV_notifications_read', (stream) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`),
  ],
  subscribe: [
    '_INBOX.>',
    'commands.all',
    'commands.group.*',
    ...perPc('commands.pc'),
    'notifications.all',
    'notifications.group.*',
    ...perPc('notifications.pc'),
    'notif-amend',
    ...each('* *.* *.*.* *.*.*.*', (labels) => `agents.${labels}.ping`),
    ...['logs.fetch', 'job.tail', 'remote.ctrl'].flatMap(perPc),
    'kill.*',
  ],
} as const;

/** In nats-server's own language. */
export function permissions101(): string {
  const { publish, subscribe } = AGENT_ROLE_101;
  return `{ publish: ${JSON.stringify(publish)}\n subscribe: ${JSON.stringify(subscribe)}\n allow_responses: true }`;
}

/** A broker's users: `operator` may everything, `agent` only this. The password of each is its name. */
export function roleUsers101(): string {
  return `authorization { users: [
    { user: operator, password: operator }
    { user: agent, password: agent, permissions: ${permissions101()} }
  ] }`;
}
