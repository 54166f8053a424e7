/** Who may send tasks, by whom each was signed, and for the helpdesk how many would have been refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headers as newHeaders } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { commandJson } from '../../test/support/commands.ts';
import { provisionedOperator, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { ringEntry, signedHeaders, signingKey } from '../../test/support/signing.ts';
import { tempDir } from '../../test/support/temp.ts';
import { goTo, openWindow, unlock, withHelpdesk } from '../../test/support/window.ts';

const KEY = signingKey(1);

async function pc(mode: string, keys: readonly object[] = [ringEntry('backend-1', KEY, { label: 'Backend' })]) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const directory = tempDir();
  writeFileSync(join(directory, 'keys.json'), JSON.stringify(keys), { mode: 0o600 });
  const toml = await withHelpdesk(`[commands]\nsignatures = "${mode}"\nkeys_file = "keys.json"\n`);
  const agent = await startAgent({ server, nc, directory, toml });
  const send = async (id: string, isSigned: boolean) => {
    const body = commandJson(id, { id });
    const headers = newHeaders();
    const signature = isSigned ? signedHeaders('backend-1', KEY, body) : {};
    for (const [name, value] of Object.entries<string>(signature)) headers.set(name, value);
    nc.publish('commands.pc.PC-OURS', body, { headers });
    await waitForResult(nc, id);
  };
  return { agent, send };
}

test('a task says by whom it was signed, and what is refused says why', async () => {
  const { agent, send } = await pc('require');
  await send('good-task', true);
  await send('bad-task', false);
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Activity');
  await page.getByText('good task').click();
  await expectPage(page.getByText('Signed by backend-1.')).toBeVisible();
  await goTo(page, 'Activity');
  await page.getByText('bad task').click();
  await expectPage(page.getByRole('heading', { level: 2, name: 'Refused: sender not confirmed' })).toBeVisible();
  await expectPage(page.getByText('Not signed.')).toBeVisible();
  await goTo(page, 'About');
  const senders = page.getByRole('region', { name: 'Who may send tasks' });
  await expectPage(senders).toContainText('Only the holders of these keys.');
  await expectPage(senders.getByRole('listitem')).toHaveText('Backend – backend-1 (34750f98bd59fcfc)');
});

test('reported, the helpdesk sees what would have been refused', async () => {
  const { agent, send } = await pc('report');
  await send('good-task', true);
  await send('bad-task', false);
  await send('worse-task', false);
  const { page } = await openWindow(agent.dataDirectory);
  await unlock(page);
  const card = page.getByRole('region', { name: 'Signatures' });
  await expectPage(card).toContainText('checked and counted');
  await expectPage(card).toContainText('2 (not signed)');
  expect(await card.getByRole('definition').allTextContents()).toEqual([
    'checked and counted',
    '1',
    '2 (not signed)',
    '0',
  ]);
});

test('required without a key, nobody may send', async () => {
  const { agent } = await pc('require', []);
  const { page } = await openWindow(agent.dataDirectory, { locale: 'ja-JP' });
  await goTo(page, 'この端末について');
  await expectPage(page.getByText('なし: 署名された作業のみ実行しますが、この端末には鍵がありません。')).toHaveCount(1);
});
