/** What a heartbeat says about this PC; facts that do not change while the agent runs. */
import { hostname } from 'node:os';

export interface HostFacts {
  readonly hostname: string;
  /** `windows`, `linux`, `macos` (protocol §3.3), else Node's name of the platform. */
  readonly osFamily: string;
  /** Of the PC: `x86_64`, `aarch64`, as the fleet writes them (D36), else Node's name. */
  readonly arch: string;
  /** Of this program, which an ARM PC may only emulate. */
  readonly programArch: string;
}

const FAMILIES: Readonly<Record<string, string>> = { win32: 'windows', darwin: 'macos' };
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', ia32: 'x86' };

/**
 * Reads the facts. The host name is the environment's, as in the original (the backend keeps the first one it hears), and
 * the operating system's own where the environment has none.
 */
export function hostFacts(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
  arch: string = process.arch,
): HostFacts {
  return {
    hostname: env.COMPUTERNAME || env.HOSTNAME || hostname(),
    osFamily: FAMILIES[platform] ?? platform,
    arch: named(platform === 'win32' && isArm(env) ? 'arm64' : arch),
    programArch: named(arch),
  };
}

function named(arch: string): string {
  return ARCHITECTURES[arch] ?? arch;
}

/** Windows tells an emulated program of the emulated processor everywhere but here. */
function isArm({ PROCESSOR_IDENTIFIER }: NodeJS.ProcessEnv): boolean {
  return /^ARMv\d+ \(64-bit\)/.test(PROCESSOR_IDENTIFIER ?? '');
}
