/** The message by which the fleet knows that a PC is there. */
import { type Decoded, decodeObject } from './fields.ts';
import { formatTimestamp } from './timestamp.ts';

/** A sign of life (protocol §3.3), with those of its extras that we send. What is absent or null is left out. */
export interface Heartbeat {
  readonly pcId: string;
  readonly atNs: bigint;
  readonly agentVersion: string;
  readonly hostname?: string | null;
  /** `windows`, `linux` or `macos`. */
  readonly osFamily?: string | null;
  readonly agentArch?: string | null;
  /** Percent of one core. */
  readonly agentCpuPct?: number | null;
  readonly agentRssBytes?: number | null;
  /** The keys that may sign commands here, each `<kid>:<fingerprint>`. */
  readonly commandKeys?: readonly string[] | null;
  /** Only signed commands run here. */
  readonly enforcing?: boolean | null;
  readonly commandProtocols?: readonly string[] | null;
}

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  const text = JSON.stringify({
    pc_id: heartbeat.pcId,
    at: formatTimestamp(heartbeat.atNs),
    agent_version: heartbeat.agentVersion,
    hostname: heartbeat.hostname?.toWellFormed() ?? undefined,
    os_family: heartbeat.osFamily ?? undefined,
    agent_arch: heartbeat.agentArch ?? undefined,
    agent_cpu_pct: heartbeat.agentCpuPct ?? undefined,
    agent_rss_bytes: heartbeat.agentRssBytes ?? undefined,
    command_keys: heartbeat.commandKeys?.map((key) => key.toWellFormed()) ?? undefined,
    enforcing: heartbeat.enforcing ?? undefined,
    command_protocols: heartbeat.commandProtocols ?? undefined,
  });
  return Buffer.from(text);
}

export function decodeHeartbeat(body: Uint8Array): Decoded<'heartbeat', Heartbeat> {
  return decodeObject(body, 'heartbeat', (fields) => ({
    pcId: fields.string('pc_id'),
    atNs: fields.timestamp('at'),
    agentVersion: fields.string('agent_version'),
    hostname: fields.nullableString('hostname'),
    osFamily: fields.nullableString('os_family'),
    agentArch: fields.nullableString('agent_arch'),
    agentCpuPct: fields.nullableNumber('agent_cpu_pct'),
    agentRssBytes: fields.nullableNumber('agent_rss_bytes'),
    commandKeys: fields.nullableStrings('command_keys'),
    enforcing: fields.nullableBoolean('enforcing'),
    commandProtocols: fields.nullableStrings('command_protocols'),
  }));
}
