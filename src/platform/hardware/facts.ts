/** The hardware facts of this PC (protocol §3.8). Read only; nothing here changes anything. */
import type { FactsShell } from './powershell.ts';
import type { HardwareFacts } from './types.ts';

/** Asks the operating system. Rejects where it gives no answer that can be read, or when aborted. */
export async function readHardware(shell: FactsShell, signal: AbortSignal): Promise<HardwareFacts> {
  if (process.platform === 'win32') {
    const { readWindowsHardware } = await import('./windows.ts');
    return readWindowsHardware(shell, signal);
  }
  const { readLinuxHardware } = await import('./linux.ts');
  return readLinuxHardware();
}
