/**
 * A session lives in its tab, so that two windows of one browser can be two people. A browser that is to ring when no window is open needs one that outlives
 * them: it is put away when the page goes, and the next page of this browser that has none takes it. It is in one place at a time, for two
 * holders of one refresh token would look like theft.
 */
const KEY = 'switchboard.session';
const WANTED = 'switchboard.keep';
const KEPT = 'switchboard.kept';

/** Before the client looks for a session. */
export function takeKept(): void {
  const kept = localStorage.getItem(KEPT);
  if (kept === null) return;
  const own = sessionStorage.getItem(KEY);
  // A reload finds its own session in the tab, and the copy that it left a moment ago.
  if (own !== null && own !== kept) return;
  localStorage.removeItem(KEPT);
  sessionStorage.setItem(KEY, kept);
  sessionStorage.setItem(WANTED, 'yes');
}

export function keepWhenLeaving(wanted: boolean): void {
  if (wanted) sessionStorage.setItem(WANTED, 'yes');
  else sessionStorage.removeItem(WANTED);
}

export function isKept(): boolean {
  return sessionStorage.getItem(WANTED) !== null;
}

/** When the page goes, and may never come back. */
export function putAway(): void {
  const own = sessionStorage.getItem(KEY);
  if (own !== null && isKept()) localStorage.setItem(KEPT, own);
}

/** The page came back after all, from the browser's cache of pages. */
export function takeBack(): void {
  if (localStorage.getItem(KEPT) === sessionStorage.getItem(KEY)) localStorage.removeItem(KEPT);
}
