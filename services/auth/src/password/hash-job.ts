/** Work for one hashing thread; `input` is a pre-hash, never the password itself. */
export type HashJob =
  | { readonly id: number; readonly kind: 'hash'; readonly input: string; readonly cost: number }
  | { readonly id: number; readonly kind: 'compare'; readonly input: string; readonly hash: string };

export type HashReply =
  | { readonly id: number; readonly ok: true; readonly value: string | boolean }
  | { readonly id: number; readonly ok: false };
