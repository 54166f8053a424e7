import { describe, expect, it } from 'vitest';
import { decodeOutput, trimToWholeCharacters } from './decode-output.ts';

/** Stands for an OEM code page: each byte becomes one letter in brackets, so its work can be seen. */
const bracketed = (bytes: Uint8Array) => `[${Buffer.from(bytes).toString('latin1')}]`;

describe('decodeOutput', () => {
  it('takes UTF-8 as UTF-8', () => {
    expect(decodeOutput(Buffer.from('日本語 🙂\n'), bracketed)).toBe('日本語 🙂\n');
  });

  it('keeps everything around an invalid byte (D7)', () => {
    expect(decodeOutput(Buffer.from('a\xff b\n', 'latin1'), null)).toBe('a� b\n');
  });

  it('decodes only the lines that are not UTF-8 as the old code page', () => {
    const mixed = Buffer.concat([Buffer.from('日本\n'), Buffer.from('\x82\x41\n\x83\n', 'latin1'), Buffer.from('語')]);
    expect(decodeOutput(mixed, bracketed)).toBe('日本\n[\x82A\n\x83\n]語');
  });

  it('drops a byte order mark at the start and nowhere else', () => {
    expect(decodeOutput(Buffer.from('\ufeffa\ufeffb'), null)).toBe('a\ufeffb');
    expect(decodeOutput(Buffer.from([0xef, 0xbb, 0xbf, 0xff]), bracketed)).toBe('[ÿ]');
  });
});

describe('trimToWholeCharacters', () => {
  const whole = Buffer.from('aé日🙂');

  it('drops the rest of a character at the start', () => {
    const starts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((from) =>
      trimToWholeCharacters(whole.subarray(from), 'start').toString(),
    );
    expect(starts).toEqual(['aé日🙂', 'é日🙂', '日🙂', '日🙂', '🙂', '🙂', '🙂', '', '', '', '']);
  });

  it('drops the beginning of a character at the end', () => {
    const ends = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((to) =>
      trimToWholeCharacters(whole.subarray(0, to), 'end').toString(),
    );
    expect(ends).toEqual(['', 'a', 'a', 'aé', 'aé', 'aé', 'aé日', 'aé日', 'aé日', 'aé日', 'aé日🙂']);
  });

  it('leaves bytes that were never UTF-8 nearly alone', () => {
    expect(trimToWholeCharacters(Buffer.alloc(10, 0x80), 'end')).toHaveLength(10);
    expect(trimToWholeCharacters(Buffer.alloc(10, 0x80), 'start')).toHaveLength(7);
  });
});
