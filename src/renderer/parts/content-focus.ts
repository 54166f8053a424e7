/** The content of the window as the place of the focus: after the header, and where what had the focus is gone. */

export function focusContent(): void {
  document.getElementById('content')?.focus();
}
