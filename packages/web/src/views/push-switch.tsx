import { askForPush, type PushState, push, pushProblem, stopPush } from '../notifications/push.ts';

const words: Record<PushState, string> = {
  unsupported: '',
  off: 'Ring this browser when no window is open',
  asking: 'Asking…',
  on: 'This browser rings when no window is open',
  blocked: 'Notifications are blocked in this browser’s settings',
};

export function PushSwitch() {
  const state = push.value;
  if (state === 'unsupported') return null;
  return (
    <label class="push">
      <input
        type="checkbox"
        checked={state === 'on'}
        disabled={state === 'asking' || state === 'blocked'}
        onChange={(event) => void (event.currentTarget.checked ? askForPush() : stopPush()).catch(() => {})}
      />
      <small>{pushProblem.value ?? words[state]}</small>
    </label>
  );
}
