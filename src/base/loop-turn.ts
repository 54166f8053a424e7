/** Lets the event loop do what waits: the agent has one thread, and nothing may hold it for long. */
export function loopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** For work in small pieces: what it returns is awaited after each, and gives the event loop a turn when `stepMs` of work are done. */
export function loopTurns(stepMs: number): () => Promise<void> {
  let untilMs = performance.now() + stepMs;
  return async () => {
    if (performance.now() <= untilMs) return;
    await loopTurn();
    untilMs = performance.now() + stepMs;
  };
}
