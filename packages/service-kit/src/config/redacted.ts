const SECRETS = Symbol('secrets');
const SECRET_NAME = /SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|PRIVATE|API_?KEY/i;
const HIDDEN = '[hidden]';

/** Keeps beside the settings which of them may not be shown; not enumerable, so it does not show itself. */
export function rememberSecrets<T extends object>(config: T, names: readonly string[]): T {
  return Object.defineProperty(config, SECRETS, { value: new Set(names) });
}

/** The settings as a log may show them: without secrets, and without the user and password of any URL. */
export function redacted(config: object): Record<string, unknown> {
  const secrets = (config as { [SECRETS]?: ReadonlySet<string> })[SECRETS];
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    const hide = secrets?.has(name) || (typeof value === 'string' && SECRET_NAME.test(name));
    shown[name] = hide && value !== undefined ? HIDDEN : withoutCredentials(value);
  }
  return shown;
}

function withoutCredentials(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCredentials);
  if (typeof value !== 'string') return value;
  return value.replace(/:\/\/[^@/\s]*@/g, `://${HIDDEN}@`);
}
