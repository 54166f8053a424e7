/** The heartbeat (protocol §3.3) with the extras of §12.3 that cost nothing, behind the original's fields. */
import { FieldFault, fault, optionalText, text } from './fields.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

export interface Heartbeat {
  readonly pcId: string;
  /** ns since the epoch. */
  readonly atNs: bigint;
  readonly agentVersion: string;
  readonly hostname?: string | null;
  readonly osFamily?: string | null;
  readonly agentArch?: string | null;
  /** Percent of one core. */
  readonly agentCpuPct?: number | null;
  readonly agentRssBytes?: number | null;
  readonly commandProtocols?: readonly string[] | null;
}

export type DecodedHeartbeat =
  | { readonly ok: true; readonly heartbeat: Heartbeat }
  | { readonly ok: false; readonly error: string };

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      pc_id: heartbeat.pcId,
      at: formatTimestamp(heartbeat.atNs),
      agent_version: heartbeat.agentVersion,
      hostname: heartbeat.hostname ?? undefined,
      os_family: heartbeat.osFamily ?? undefined,
      agent_arch: heartbeat.agentArch ?? undefined,
      agent_cpu_pct: heartbeat.agentCpuPct ?? undefined,
      agent_rss_bytes: heartbeat.agentRssBytes ?? undefined,
      command_protocols: heartbeat.commandProtocols ?? undefined,
    }),
  );
}

/** The original's fields; the extras are nobody's business here. */
export function decodeHeartbeat(body: Uint8Array): DecodedHeartbeat {
  const parsed = parseJson(body);
  if (!parsed.ok) return parsed;
  if (!isJsonObject(parsed.value)) return { ok: false, error: 'message: expected an object' };
  try {
    return { ok: true, heartbeat: heartbeatOf(parsed.value) };
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    return { ok: false, error: error.message };
  }
}

function heartbeatOf(object: JsonObject): Heartbeat {
  const at = text(object, 'at');
  const atNs = parseTimestamp(at);
  if (atNs === undefined) throw fault('at', 'an RFC 3339 time', at);
  return {
    pcId: text(object, 'pc_id'),
    atNs,
    agentVersion: text(object, 'agent_version'),
    hostname: optionalText(object, 'hostname'),
    osFamily: optionalText(object, 'os_family'),
  };
}
