/** The name under which an output is saved, where the person names none. */
export function outputFileName(run: number, stream: 'stdout' | 'stderr' | 'script'): string {
  return `task-${run}-${stream}.txt`;
}
