/** About answers what people ask, from the settings that hold now; each setting and its answer: `describe-about.test.ts`. */
import { test } from 'vitest';
import { expectPage } from '../../test/support/page-expect.ts';
import { serve } from '../../test/support/served-status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

test('another setting is another answer, on the page', async () => {
  const served = await serve();
  const { about } = served.ports;
  const { page, open } = await openWindow(served.dataDirectory);
  await goTo(page, 'About');
  const slow = page.getByRole('region', { name: 'Does it slow my PC?' });
  await expectPage(slow).toContainText(
    'your own programs go first. At most 2 at once, unless IT lets one run beside them.',
  );
  await expectPage(page.getByRole('region', { name: 'Can I turn it off?' })).toContainText(
    'Management itself can only',
  );
  const facts = about();
  if (facts === null) throw new Error('there are settings');
  Object.assign(served.ports, { about: () => ({ ...facts, scripts: false, maxParallel: 9 }) });
  const later = await open();
  await goTo(later, 'About');
  await expectPage(later.getByRole('region', { name: 'Does it slow my PC?' })).toContainText('No: no tasks run');
  const japanese = await open({ locale: 'ja-JP', width: 360 });
  await japanese.getByRole('navigation').getByRole('button').nth(4).click();
  await expectPage(japanese.getByRole('region', { name: '端末は遅くなりますか？' })).toContainText('いいえ。');
});
