import { useSignal } from '@preact/signals';
import { client } from '../session/client.ts';
import { text } from './form-text.ts';

export function SignIn() {
  const mode = useSignal<'in' | 'up'>('in');
  const error = useSignal('');
  const busy = useSignal(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const raw = (name: string) => text(data, name);
    const field = (name: string) => raw(name).trim();
    error.value = '';
    busy.value = true;
    try {
      if (mode.value === 'in') await client.logIn(field('login'), raw('password'));
      else {
        await client.register({
          username: field('login'),
          password: raw('password'),
          ...(field('name') ? { name: field('name') } : {}),
          ...(field('email') ? { email: field('email') } : {}),
          ...(field('invitation') ? { invitationCode: field('invitation') } : {}),
        });
      }
    } catch (problem) {
      error.value = problem instanceof Error ? problem.message : 'Something went wrong';
    } finally {
      busy.value = false;
    }
  };

  return (
    <main class="sign-in">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>Switchboard</h1>
        <label>
          {mode.value === 'in' ? 'Username or e-mail' : 'Username'}
          <input name="login" autocomplete="username" required maxLength={100} />
        </label>
        {mode.value === 'up' && (
          <>
            <label>
              Display name <small>optional</small>
              <input name="name" maxLength={100} autocomplete="name" />
            </label>
            <label>
              E-mail <small>optional</small>
              <input name="email" type="email" autocomplete="email" />
            </label>
            <label>
              Invitation code <small>if you have one</small>
              <input name="invitation" autocomplete="off" />
            </label>
          </>
        )}
        <label>
          Password
          <input
            name="password"
            type="password"
            required
            autocomplete={mode.value === 'in' ? 'current-password' : 'new-password'}
          />
        </label>
        {error.value && (
          <p class="error" role="alert">
            {error.value}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy.value}>
          {mode.value === 'in' ? 'Sign in' : 'Create account'}
        </button>
        <button
          type="button"
          class="link"
          onClick={() => {
            mode.value = mode.value === 'in' ? 'up' : 'in';
            error.value = '';
          }}
        >
          {mode.value === 'in' ? 'Create an account' : 'I have an account'}
        </button>
      </form>
    </main>
  );
}
