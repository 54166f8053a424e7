/** What a page of ours can't do in a real Electron, even if it were made to try: the checklist where only a running one shows it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FAULT_CODES } from '../../src/shared/faults.ts';
import { appShellRig, inElectron, noAppShell, ONCE_MORE, TITLE, WORKING } from '../../test/support/app-shell-rig.ts';
import { expectPage } from '../../test/support/page-expect.ts';

/** A server that nobody must ask; resolves to its address and to what it was asked. */
async function forbiddenServer() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('<!doctype html>reached');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

/** In the page: the name of what `code` throws, or `done`. */
const tried = (code: string) => `(() => { try { ${code}; return 'done' } catch (error) { return error.name } })()`;

describe.skipIf(noAppShell !== null)(`a page of the app shell${inElectron}`, ONCE_MORE, () => {
  test('leaves its origin nowhere, reaches nothing, opens nothing, and is given no permission', async () => {
    const { address, asked } = await forbiddenServer();
    const { shell } = await appShellRig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);

    expect(await page.evaluate(`window.open(${JSON.stringify(address)}) === null`)).toBe(true);
    await page.evaluate(`void (location.href = ${JSON.stringify(address)})`);
    const frame = tried(
      `const f = document.createElement('iframe'); f.src = ${JSON.stringify(address)}; document.body.append(f)`,
    );
    expect(await page.evaluate(frame)).toBe('done');
    expect(await page.evaluate(`fetch(${JSON.stringify(address)}).then(() => 'reached', (error) => error.name)`)).toBe(
      'TypeError',
    );
    // Without the page's own policy in the way: the session itself lets nothing out.
    const byTheSession = await shell.app.evaluate(
      ({ session }, url) =>
        session.defaultSession.fetch(url).then(
          () => 'reached',
          (error: Error) => error.message,
        ),
      address,
    );
    expect(byTheSession).toContain('ERR_BLOCKED_BY_CLIENT');
    expect(await page.evaluate('Notification.requestPermission()')).toBe('denied');
    expect(await page.evaluate(`navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)`)).toBe(
      'denied',
    );

    // Not by a locator: Playwright waits for the end of a navigation that never was one.
    expect(await page.evaluate(`[location.href, document.querySelector('h1').textContent]`)).toEqual([
      'app://ui/',
      WORKING,
    ]);
    expect(await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    expect(asked).toEqual([]);
    await shell.app.close();
  });

  test('takes no markup and no code out of a text', async () => {
    const { shell } = await appShellRig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    expect(await page.evaluate(tried(`document.createElement('p').innerHTML = '<b>x</b>'`))).toBe('TypeError');
    expect(await page.evaluate(tried(`trustedTypes.createPolicy('p', {})`))).toBe('TypeError');
    const script = `new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective), { once: true });
      const style = document.createElement('style');
      style.textContent = 'body { color: red }';
      document.head.append(style);
    })`;
    expect(await page.evaluate(script)).toBe('style-src-elem');
    await shell.app.close();
  });

  test('has no way to the app shell but the link, and what it says there is checked', async () => {
    const { shell } = await appShellRig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    const kinds = await page.evaluate('Object.values(window.kanadeLink).map((value) => typeof value).join()');
    expect(kinds).toBe('function,function,function');
    const answers = (await page.evaluate(`new Promise((resolve) => {
      const got = [];
      window.kanadeLink.onMessage((text) => {
        const { id, error } = JSON.parse(text);
        if (typeof id === 'string') got.push(id + ': ' + error?.code);
        if (got.length === 4) resolve(got.sort());
      });
      const ask = (id, method, params) => window.kanadeLink.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      ask('a', 'agent.stop', {});
      ask('b', 'shell.openLink', { id: 'https://example.com/' });
      ask('c', 'shell.stopManagement', {});
      ask('d', 'process.exit', {});
    })`)) as string[];
    expect(answers).toEqual([
      `a: ${FAULT_CODES.unknown_method}`,
      `b: ${FAULT_CODES.invalid_params}`,
      `c: ${FAULT_CODES.unavailable}`,
      `d: ${FAULT_CODES.unknown_method}`,
    ]);
    await shell.app.close();
  });
});
