/** Lets the event loop do what waits: the agent has one thread, and nothing may hold it for long. */
export function loopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
