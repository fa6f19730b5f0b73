/**
 * When an access token lapses by this machine's clock, epoch ms: from its own `iat` and `exp`, counted from the moment it was received, so that a
 * clock that is wrong does no harm. A token that cannot be read counts as lapsing at once after a minute.
 */
export function expiryOf(accessToken: string, receivedAt: number): number {
  try {
    const claims = JSON.parse(base64UrlText(accessToken.split('.')[1] ?? '')) as Record<string, unknown>;
    const { iat, exp } = claims;
    if (typeof iat === 'number' && typeof exp === 'number' && exp > iat)
      return receivedAt + (exp - iat) * 1000;
  } catch {
    // Not a token of this shape: the server will say when it has lapsed.
  }
  return receivedAt + 60_000;
}

/** How long before its end a token is replaced: a fifth of its life, a minute at most. */
export function marginOf(lifetimeMs: number): number {
  return Math.min(60_000, lifetimeMs / 5);
}

function base64UrlText(text: string): string {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
    char.charCodeAt(0),
  );
  return new TextDecoder().decode(bytes);
}
