/**
 * The agent's connection alone in a process, with everything that it is asked for: arguments are the address of the broker,
 * user and password. What it sees goes to standard output as lines of JSON; like the agent it ends with 70 when a promise is
 * rejected that nobody awaits.
 */
import { NatsBus } from '../../src/agent/bus/nats-bus.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { kvKeyOf } from './ids.ts';

const [url = '', user = '', password = ''] = process.argv.slice(2);
const say = (event: string, value: unknown) => process.stdout.write(`${JSON.stringify({ event, value })}\n`);

process.on('unhandledRejection', (error) => {
  say('unhandled', String(error));
  process.exit(70);
});

const SOON = { minMs: 20, maxMs: 100, jitter: 0 };
const bus = new NatsBus({
  pcId: 'PC-A',
  servers: [new URL(url)],
  credentials: () => [{ kind: 'user', user, password }],
  tls: () => ({ ca: null, cert: null, key: null, serverName: null }),
  clock: systemClock,
  log: silentLogger,
  connectBackoff: SOON,
  bindBackoff: SOON,
});
bus.link.watch(({ state }) => say('link', state));
bus.forbidden.watch((subjects) => say('forbidden', subjects));
bus.subscribe('commands.all', () => say('heard', 'commands.all'));
for (const bucket of ['agent_config', 'agent_groups']) {
  bus.kvWatch(bucket, ['PC-A'], {
    begin: () => {},
    change: () => {},
    current: () => say('current', bucket),
    missing: () => say('missing', bucket),
  });
}
bus.consume(
  {
    stream: 'EXEC',
    durable: 'agent_replay_PC-A',
    pcId: 'PC-A',
    filterSubjects: () => ['commands.all'],
    deliver: () => 'last_per_subject',
    nextIncarnation: async () => 'one',
    knowsIncarnation: () => true,
    keepsIncarnation: async () => {},
  },
  {
    message: (message) => message.ack(),
    olderCopy: async () => {},
    bound: () => say('bound', true),
    foreign: () => {},
  },
);
bus.start();

const everything = setInterval(() => {
  if (bus.link.value.state !== 'connected') return;
  void bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 1_000 }).then((outcome) => {
    say('published', outcome.kind);
  });
  void bus.kvGet('script_current', kvKeyOf('job'), 1_000).then(({ kind }) => say('read', kind));
  void bus.objectsPresent('agent_releases', ['1.0.0']).then((present) => say('objects', present?.size ?? null));
}, 100);

process.on('SIGTERM', () => {
  clearInterval(everything);
  void bus.close();
});
