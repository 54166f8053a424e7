/** The agent on a Node that is named: for tests under an Electron that is too old to carry it. */
import { spawn } from 'node:child_process';
import type { Launcher } from './launcher.ts';

export function nodeLauncher(node: string, agentMain: string): Launcher {
  return ({ args, env, onOutput }) => {
    // A utility process ends with us whatever ends us; so does this one.
    const bound = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', node] : [node];
    const [program = node, ...before] = bound;
    const child = spawn(program, [...before, agentMain, ...args], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => onOutput(text));
    }
    child.on('error', (error) => onOutput(error.message));
    return {
      pid: child.pid,
      onExit: (ended) => {
        if (child.pid === undefined) child.once('error', () => ended(null));
        else child.once('exit', (code) => ended(code));
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
