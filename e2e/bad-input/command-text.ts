/** Command messages as texts, so that a case can say exactly what stands in them. */

/** JSON texts by field; null leaves the field out. */
export type Fields = Readonly<Record<string, string | null>>;

/** A usable command, each field as it is written in JSON. */
const FIELDS: Readonly<Record<string, string>> = {
  id: '"job-1"',
  version: '"1.0.0"',
  request_id: '"r"',
  exec_id: 'null',
  shell: '"sh"',
  script: '"true"',
  timeout_secs: '30',
  jitter_secs: 'null',
  run_as: '"system"',
  staleness: '{"mode":"cached"}',
};

/** The message of `requestId`, changed. */
export function commandText(requestId: string, changes: Fields = {}): string {
  const fields = { ...FIELDS, request_id: JSON.stringify(requestId), ...changes };
  const present = Object.entries(fields).filter(([, value]) => value !== null);
  return `{${present.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** A list in a list in a list. */
export function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}
