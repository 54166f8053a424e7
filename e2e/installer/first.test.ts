import { afterAll, expect, it } from 'vitest';
import { current, Pc } from './pc.ts';

const pc = Pc.create();
afterAll(() => pc.dispose());

it('works', async () => {
  const { code } = await pc.install(current, '/NATSURL=nats://127.0.0.1:14222');
  console.log(pc.setupLog);
  expect(code).toBe(0);
  console.log(await pc.serviceState(), await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent'));
  console.log(await pc.registry('Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray'));
  console.log(
    pc.files(pc.root).filter((n) => !n.includes('versions')),
    pc.versions,
  );
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  console.log(pc.setupLog);
  console.log(pc.files(pc.root), pc.files('C:\\ProgramData\\Kanade'));
});
