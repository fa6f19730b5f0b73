import { signal } from '@preact/signals';
import { type Account, createClient } from '@switchboard/client';

/** Kept per tab, so that two windows of one browser can be two people. */
export const client = createClient({ storage: sessionStorage });

export const account = signal<Account | null>(null);
export const connected = signal(false);

client.on('signed-in', (user) => {
  account.value = user;
});
client.on('signed-out', () => {
  account.value = null;
});
client.on('connection', ({ status }) => {
  connected.value = status === 'connected';
});
