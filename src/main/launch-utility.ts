/** The agent in Electron's own Node: ends with us, whatever ends us (seen), and needs no fuse. */
import { utilityProcess } from 'electron';
import type { Launcher } from './launcher.ts';

export function utilityLauncher(agentMain: string): Launcher {
  return ({ args, env, onOutput }) => {
    const child = utilityProcess.fork(agentMain, [...args], {
      env: { ...env },
      serviceName: 'Kanade Tray agent',
      stdio: 'pipe',
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes: Buffer) => onOutput(bytes.toString('utf8')));
    }
    return {
      get pid() {
        return child.pid;
      },
      onExit: (ended) => void child.once('exit', (code) => ended(code)),
      kill: () => {
        // `kill()` of a utility process is a polite one.
        if (child.pid !== undefined) killNow(child.pid);
      },
    };
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
