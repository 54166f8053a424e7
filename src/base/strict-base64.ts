/**
 * Standard base64 with its padding, without blanks, and without bits that stand for nothing; null for anything else. Node's decoder
 * takes white space, both alphabets and missing padding; this is the one spelling, of texts of any length.
 */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
