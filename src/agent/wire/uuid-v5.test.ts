import { expect, test } from 'vitest';
import { OID_NAMESPACE, uuidV5 } from './uuid-v5.ts';

test.each([
  ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'python.org', '886313e1-3b8a-5372-9b90-0c9aee199e5d'],
  [OID_NAMESPACE, '日本', '4441631d-d7cf-5a1d-a228-f981c3da77a6'],
])('in %s, %s is what other implementations make of it', (namespace, name, uuid) => {
  expect(uuidV5(namespace, name)).toBe(uuid);
});
