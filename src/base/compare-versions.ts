/** The form of our versions: `1.5.0`, `1.5.0-beta.2`. */
export const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?$/;

/** Negative: `a` is older than `b`. A version before a release (`1.0.0-beta.2`) is older than it. Not a version: oldest. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  for (let part = 1; part <= 3; part++) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference;
  }
  const [before, after] = [left[4], right[4]];
  if (before === after) return 0;
  if (before === undefined || after === undefined) return before === undefined ? 1 : -1;
  return before.localeCompare(after, 'en', { numeric: true });
}
