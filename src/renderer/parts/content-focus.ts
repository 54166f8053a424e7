/** The content of the window as the place of the focus: after the header, and where what had the focus is gone. */

export function focusContent(): void {
  document.getElementById('content')?.focus();
}

/** Once what was pressed has gone with what it did: the focus is never lost (to the page as a whole). */
export function keepFocus(): void {
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) focusContent();
  });
}
