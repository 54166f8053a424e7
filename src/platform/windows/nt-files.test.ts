import { expect, it } from 'vitest';
import { entriesOf, wholePath } from './nt-files.ts';

/** FILE_FULL_DIR_INFORMATION: a reparse point has its tag at 64. */
function entry(name: string, attributes: number, tag: number): Buffer {
  const text = Buffer.from(name, 'utf16le');
  const bytes = Buffer.alloc(68 + text.length);
  bytes.writeUInt32LE(attributes, 56);
  bytes.writeUInt32LE(text.length, 60);
  bytes.writeUInt32LE(tag, 64);
  text.copy(bytes, 68);
  return bytes;
}

it.each([
  ['a junction', 0x410, 0xa000_0003, true],
  ['a symbolic link', 0x420, 0xa000_000c, true],
  ['one that Windows does not tell the kind of', 0x410, 0, true],
  ['a file of a deduplicated volume', 0x420, 0x8000_0013, false],
  ['a file with attributes of another kind', 0x20, 0xa000_0003, false],
])('%s', (_what, attributes, tag, isLink) => {
  const isDirectory = (attributes & 0x10) !== 0;
  expect(entriesOf(entry('name', attributes, tag))).toEqual([{ name: 'name', isDirectory, isLink }]);
});

it('a path of a drive or a share has a name that Windows does not interpret', () => {
  expect(wholePath('C:\\ProgramData')).toBe('\\??\\C:\\ProgramData');
  expect(wholePath('\\\\server\\share\\')).toBe('\\??\\UNC\\server\\share\\');
});
