/** For the end of a choice that names every case: one that is not named does not compile, and none is met in silence. */
export function assertNever(value: never): never {
  throw new Error(`a case that nobody has thought of: ${JSON.stringify(value)}`);
}
