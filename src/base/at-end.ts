/** What is closed at once goes with its scope: `using _ = atEnd(() => closeSync(file))`. What needs a time limit is the life cycle's. */
export function atEnd(close: () => unknown): Disposable {
  return { [Symbol.dispose]: () => void close() };
}
