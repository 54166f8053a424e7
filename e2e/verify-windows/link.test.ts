/** The client that the checks bring along speaks to a real agent's socket, and its flood is one that an agent hangs up on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeFrame } from '../../src/shared/frames.ts';
import { eventually } from '../../test/support/eventually.ts';
import { NO_PWSH, PWSH, PWSH_ENVIRONMENT } from '../../test/support/powershell.ts';
import { serve } from '../../test/support/served-status.ts';
import { tempDir } from '../../test/support/temp.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'scripts', 'verify-windows.ps1');

/** In a process of its own: the agent is in this one. */
function start(directory: string, body: string): ChildProcess {
  const file = join(directory, 'link.ps1');
  writeFileSync(file, `$ErrorActionPreference = 'Stop'\n. '${MAIN}'\n$Said = '${join(directory, 'said')}'\n${body}`);
  const env = { ...process.env, ...PWSH_ENVIRONMENT };
  const child = spawn(PWSH ?? '', ['-NoProfile', '-NonInteractive', '-File', file], { env, stdio: 'inherit' });
  onTestFinished(() => void child.kill());
  return child;
}

describe.skipIf(PWSH === null || process.getuid === undefined)(
  `the client of the checks${PWSH === null ? ` (${NO_PWSH})` : ''}`,
  () => {
    const own = String(process.getuid?.());

    it('proves itself, is answered call by call, and is refused with another token', async () => {
      const { dataDirectory } = await serve();
      const directory = tempDir();
      const child = start(
        directory,
        `$Verify = @{ Data = '${dataDirectory}/kanade-tray' }
      $answers = @(foreach ($method in 'update.get', 'about.capabilities', 'no.such') { Invoke-AgentCall '${own}' $method 10000 })
      $open = Open-Link (Get-Endpoint '${own}')
      $answers += foreach ($time in 1..3) { $open.link.AskWithin('runs.list', '{"search":"\\u65e5\\u672c"}', 10000) }
      $other = Get-Endpoint '${own}'
      $other.token = '00' * 32
      try { Open-Link $other } catch { $answers += $_.Exception.Message }
      Write-Utf8 '${join(directory, 'answers')}' (ConvertTo-Json -InputObject $answers)`,
      );
      expect(await once(child, 'exit')).toEqual([0, null]);
      const answers = JSON.parse(readFileSync(join(directory, 'answers'), 'utf8')) as string[];
      const [update, about, unknown, ...lists] = answers.slice(0, -1).map((answer) => JSON.parse(answer) as object);
      expect(update).toMatchObject({ result: expect.anything() });
      expect(about).toMatchObject({ result: expect.anything() });
      expect(unknown).toMatchObject({ error: expect.anything() });
      for (const list of lists) expect(list).toMatchObject({ result: { rows: [] } });
      expect(lists).toHaveLength(3);
      expect(answers.at(-1)).toMatch(/the agent answers: .*proof/);
    });

    it('is not answered by who has the name of the pipe and not the token', async () => {
      const directory = tempDir();
      const address = join(directory, 'pipe');
      const server = createServer((socket) => {
        const say = (text: object) => socket.write(encodeFrame(JSON.stringify(text)));
        say({ method: 'hello', params: { contract: { min: 1, max: 1 }, nonce: '00'.repeat(32) } });
        socket.on('data', () => say({ id: 1, result: { proof: '00'.repeat(32) } }));
        socket.on('error', () => {});
      });
      server.listen(address);
      onTestFinished(() => void server.close());
      const said = join(directory, 'answers');
      const child = start(
        directory,
        `try { Open-Link @{ address = '${address}'; token = '${'00'.repeat(32)}' } } catch { Write-Utf8 '${said}' $_.Exception.Message }`,
      );
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(readFileSync(said, 'utf8')).toMatch(/who answers does not know the token/);
    });

    it('floods over all connections that it gets, goes on when it is hung up on, and ends when it is told', async () => {
      const { dataDirectory } = await serve();
      const directory = tempDir();
      const [stop, results] = [join(directory, 'stop'), join(directory, 'results')];
      const child = start(
        directory,
        `$In = @{ data = '${dataDirectory}/kanade-tray'; sid = '${own}'; stop = '${stop}' }
      Write-Utf8 '${results}' (ConvertTo-Json -InputObject @(Attack-Flood $In))`,
      );
      await eventually(() => expect(existsSync(join(directory, 'said.begun'))).toBe(true));
      writeFileSync(stop, '');
      expect(await once(child, 'exit')).toEqual([0, null]);
      expect(JSON.parse(readFileSync(results, 'utf8'))).toMatchObject([
        { name: 'open connections', outcome: 'done' },
        { name: 'call', outcome: 'done' },
      ]);
    });
  },
);
