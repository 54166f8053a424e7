/** Command JSON as operators send it; `more` overrides or adds fields by their wire names. */
export function commandJson(requestId: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: 'job-1',
    version: '1.0.0',
    request_id: requestId,
    exec_id: null,
    shell: process.platform === 'win32' ? 'cmd' : 'sh',
    script: 'echo hello',
    timeout_secs: 30,
    jitter_secs: null,
    run_as: 'system',
    staleness: { mode: 'cached' },
    ...more,
  });
}
