/** Where a release lies. Apart from what reads one: each start needs these names, and hardly any a schema. */

/** The bucket, which the original's programs share. */
export const RELEASES = 'agent_releases';

export interface Target {
  readonly platform: string;
  readonly arch: string;
}

/** The names of a release in the bucket: never those of the original's programs, `<version>` and `<version>-<os>-<arch>` (D36). */
export function releaseObjects(version: string, { platform, arch }: Target): { package: string; manifest: string } {
  const name = `${version}-electron-${platform}-${arch}`;
  return { package: name, manifest: `${name}.manifest` };
}
