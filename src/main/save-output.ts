/**
 * Saves an output where the person says. It is read through the window's own connection, so that nothing gets into a file which
 * the window may not show, and goes to the disk piece by piece.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { BrowserWindow, dialog } from 'electron';
import type { AgentConnection } from '../client/agent-connection.ts';
import type { AppShellParsed, AppShellResult } from '../shared/app-shell-contract.ts';
import type { Result } from '../shared/contract.ts';
import { CallError, Fault } from '../shared/faults.ts';
import { outputFileName } from '../shared/output-file.ts';

type Asked = AppShellParsed<'shell.saveOutput'>;
type Piece = Result<'runs.output'>;
type Answer = AppShellResult<'shell.saveOutput'> | Fault;

export async function saveOutput(agentConnection: Pick<AgentConnection, 'agent'>, asked: Asked): Promise<Answer> {
  const path = await askWhere(outputFileName(asked.run, asked.stream));
  if (path === null) return { saved: false };
  const unfinished = `${path}.part`;
  try {
    await writeFile(unfinished, pieces(agentConnection, asked));
    await rename(unfinished, path);
    return { saved: true };
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    return error instanceof CallError ? error.fault : new Fault('unavailable', String(error));
  }
}

/** null: nowhere. */
async function askWhere(defaultPath: string): Promise<string | null> {
  const window = BrowserWindow.getFocusedWindow();
  const options = { defaultPath };
  const answer = await (window === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(window, options));
  return answer.canceled || answer.filePath === '' ? null : answer.filePath;
}

async function* pieces({ agent }: Pick<AgentConnection, 'agent'>, { run, stream }: Asked): AsyncGenerator<string> {
  for (let offsetChars: number | null = 0; offsetChars !== null; ) {
    if (agent === null) throw new Error('the agent is not there');
    const piece: Piece = await agent.call('runs.output', { run, stream, offsetChars });
    yield piece.text;
    offsetChars = piece.nextOffsetChars;
  }
}
