import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that lay out a Linux machine, or stand in for a program by a shell script: nothing of them is about Windows. */
const OF_LINUX = [
  'src/agent/config/{agent-toml,load,effective,signatures,credentials,odd-values,helpdesk-hash}.test.ts',
  'src/agent/duties/logs-fetch.test.ts',
  'src/platform/hardware/powershell.test.ts',
  'src/agent/status/serve.test.ts',
  'src/agent/boot/instance-lock.test.ts',
  'src/setup/**',
];
/** The built agent, as a Windows program, with the real PowerShell and a broker of this machine. */
const BUILT_AGENT = [
  'e2e/life/{commands,crash,exit-codes,left-behind,notices,schedules,stop,store}.test.ts',
  'e2e/bad-input/black-box.test.ts',
  'e2e/bus/{agent-role,identity,signed-commands}.test.ts',
];
/** wine's pipes let two listen on one name. */
const NOT_OF_WINE = ['src/platform/machine-lock.test.ts'];

/** The agent's tests that a Windows Node can run; `npm run test:wine` sets wine up. */
export default defineConfig({
  test: {
    include: ['src/{agent,base,platform,shared}/**/*.test.ts', 'e2e/powershell/**/*.test.ts', ...BUILT_AGENT],
    exclude: [...configDefaults.exclude, ...OF_LINUX, ...NOT_OF_WINE],
    // wine gives each process its time; more of them only make each of them late.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
