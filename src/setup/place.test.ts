import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { RegistryValue } from '../platform/registry.ts';
import { Layout } from './layout.ts';
import { type Disks, refuseOtherPlace } from './place.ts';

/** Windows on C:, D: built in, E: at the USB, F: a stick. */
const DISKS: Disks = {
  whyNotOfWindows: (path) => (path.startsWith('C:\\') ? null : 'is not on the disk of Windows'),
  isFixed: (letter) => 'CDE'.includes(letter),
};

function refusal(root: string, asks: boolean, installed: string | null = null): string | null {
  const value: RegistryValue = installed === null ? { kind: 'absent' } : { kind: 'text', text: installed };
  try {
    refuseOtherPlace(root, asks, { readValue: () => value }, DISKS);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 3 });
    return (error as Error).message;
  }
}

it('a PC has it once: another place is refused while it is installed', () => {
  const layout = new Layout(tempDir());
  layout.switchTo('2.0.0');
  for (const asks of [true, false]) {
    expect(refusal('C:\\Other', asks, layout.root)).toContain(`is installed in ${layout.root}`);
    expect(refusal(`${layout.root}\\`, asks, layout.root)).toBeNull();
    // Nothing is there any more.
    expect(refusal('C:\\Other', asks, tempDir())).toBeNull();
  }
  expect(refusal('d:\\kanade TRAY\\', true, 'D:\\Kanade Tray')).toBeNull();
});

it('a person who may have been given the words gets it on the disk of Windows alone', () => {
  expect(refusal('C:\\Program Files\\Kanade Tray', true)).toBeNull();
  for (const root of ['D:\\Tray', 'E:\\Tray', '\\\\server\\share\\Tray', '\\\\?\\E:\\Tray'])
    expect(refusal(root, true), root).toContain('is not on the disk of Windows');
});

it('IT names a built-in disk, and no share or stick', () => {
  expect(refusal('C:\\Program Files\\Kanade Tray', false)).toBeNull();
  expect(refusal('D:\\Tray', false)).toBeNull();
  for (const root of ['F:\\Tray', '\\\\server\\share\\Tray', '\\\\?\\D:\\Tray', 'Tray', ''])
    expect(refusal(root, false), root).toContain('is not on a built-in disk');
});
