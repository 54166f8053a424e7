/** Each command of docs/signing.md, run in its order: keys are made, given, looked at, rotated and revoked as the page says. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentToml } from '../scripts/lib/agent-process.ts';
import { signatureHeaders } from '../src/agent/signing/signature.ts';
import { commandJson } from '../test/support/commands.ts';
import { headerLookup, signedHeaders, verifierOf } from '../test/support/signing.ts';
import { tempDir } from '../test/support/temp.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'signing.md');
const AGENT = join(import.meta.dirname, '..', 'dist', 'agent', 'main.js');

/** The blocks of commands, in their order. */
function blocks(): string[] {
  return Array.from(readFileSync(PAGE, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms), (match) => match[1] ?? '');
}

test.skipIf(process.platform === 'win32')('every command does what the page says', () => {
  const here = tempDir();
  const etc = join(here, 'etc');
  const config = join(here, 'agent.toml');
  writeFileSync(
    config,
    `${agentToml({ id: 'PC-1', natsUrl: 'nats://127.0.0.1:4222', logFile: join(here, 'agent.log') })}\n[commands]\nsignatures = "report"\n`,
  );
  const agent = `kanade-tray-agent() { "${process.execPath}" "${AGENT}" --config "${config}" "$@"; }`;
  // One shell for all: later blocks use the variables of earlier ones.
  const marked = blocks().map((block) => `${block.replaceAll('/etc/kanade', etc)}\necho "=== end of block"`);
  const script = ['set -euo pipefail', agent, ...marked].join('\n');
  const output = execFileSync('bash', ['-c', script], {
    cwd: here,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = output.split('=== end of block\n').map((text) => text.trim());
  expect(said).toHaveLength(blocks().length + 1);

  const [, privateKey = '', , checked = '', fingerprint] = said;
  expect(Buffer.from(privateKey, 'base64')).toHaveLength(32);
  expect(checked).toBe(`backend-2026  ${fingerprint}  Backend`);
  expect(said.find((text) => text.includes('commands.signatures'))).toMatch(/^commands\.signatures +report /);
  const rotated = said.find((text) => text.includes('backend-2027') && text.includes('backend-2026'));
  expect(rotated).toMatch(new RegExp(`^backend-2026 {2}${fingerprint}\nbackend-2027 {2}[0-9a-f]{16}$`));
  expect(said.at(-2)).toMatch(/^backend-2027 {2}[0-9a-f]{16}\nemergency {2}[0-9a-f]{16} {2}good for 300 s$/);
  expect(readFileSync(join(etc, 'require-signed-commands'), 'utf8')).toBe('1\n');

  // The ring as it is given last: the old key is revoked, the new one counts.
  const given = join(etc, 'command-keys.json');
  expect(statSync(given).mode & 0o777).toBe(0o600);
  const verifier = verifierOf({ mode: 'require', ring: () => ({ kind: 'text', text: readFileSync(given, 'utf8') }) });
  const body = Buffer.from(commandJson('r1'));
  const by = (kid: string) => {
    const key = createPrivateKey(readFileSync(join(here, `${kid}.pem`)));
    return verifier.judge(body, signatureHeaders(headerLookup(signedHeaders(kid, key, body))), () => false);
  };
  expect(by('backend-2027')).toMatchObject({ kind: 'accepted', signature: { state: 'ok', kid: 'backend-2027' } });
  expect(by('backend-2026')).toMatchObject({ kind: 'refused', state: 'unknown_key' });
});

test('a ring that can not be used says where, and ends with 1', () => {
  const ring = join(tempDir(), 'keys.json');
  writeFileSync(ring, '[{"kid":"a","public_key":"AAAA"}]');
  const run = () =>
    execFileSync(process.execPath, [AGENT, '--check-command-keys', ring], { encoding: 'utf8', stdio: 'pipe' });
  expect(run).toThrow(`${ring}: [0].public_key: expected 32 bytes, found 3`);
});
