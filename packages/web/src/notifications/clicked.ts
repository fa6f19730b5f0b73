import { open, people } from '../chat.ts';

/** Whose conversation a notification was about; a call that rings shows itself. */
let wanted: string | null = null;

function want(path: string): void {
  wanted = new URLSearchParams(path).get('with');
}

/** A click on a notification opened this page, or will bring it to the front. */
export function openWhatWasClicked(): void {
  want(location.search);
  if (location.search !== '') history.replaceState(null, '', location.pathname);
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ path?: unknown } | null>) => {
    if (typeof data?.path !== 'string') return;
    want(data.path);
    openWhom();
  });
}

/** As soon as it is known who that is. */
export function openWhom(): void {
  const user = people.value.find(({ id }) => id === wanted);
  if (!user) return;
  wanted = null;
  void open(user).catch(() => {});
}
