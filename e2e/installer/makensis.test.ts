/** Which NSIS may make the installer. */
import { expect, it } from 'vitest';
import { whyTooOld } from '../../scripts/lib/packaging/makensis.ts';

it('no NSIS is used that lets users run programs as SYSTEM while an installer runs', () => {
  for (const version of ['v3.12', 'v3.12-1', 'v3.13.1', 'v4.0']) expect(whyTooOld(version), version).toBeNull();
  for (const version of ['v3.08-3+deb12u1', 'v3.11-1', 'v2.99']) expect(whyTooOld(version), version).toContain(version);
  expect(whyTooOld('command not found')).toContain('No version');
});
