/** What is worth doing only while somebody can see the window. */

export function isSeen(): boolean {
  return document.visibilityState === 'visible';
}

/** Does the work every `everyMs` while the window can be seen, and at once when it can be seen again. Returns how to end that. */
export function whileSeen(everyMs: number, work: () => void): () => void {
  const workIfSeen = () => {
    if (isSeen()) work();
  };
  const timer = setInterval(workIfSeen, everyMs);
  document.addEventListener('visibilitychange', workIfSeen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', workIfSeen);
  };
}
