/**
 * One line of what a run's clients saw. `invoke`: sent, for the first time or again. `ok`: acknowledged. `fail`: refused for good. `unknown`: no
 * answer, or one that asks to try again. `deliver`: told by the server. `repair`: found by asking for what was missed.
 */
export const KINDS = ['invoke', 'ok', 'fail', 'unknown', 'deliver', 'repair'] as const;
export type Kind = (typeof KINDS)[number];

export interface Entry {
  readonly kind: Kind;
  /** Milliseconds since the run began. */
  readonly at: number;
  /** Index of the client. */
  readonly who: number;
  /** Index of the conversation. */
  readonly conversation: number;
  /** Number of the message, chosen by its sender, unique in a run; it is in the text. */
  readonly key: number;
  /** Of the stored message; empty where it is not known. */
  readonly id: string;
  /** 0 where the vocabulary does not show it. */
  readonly seq: number;
  /** For `ok`: 1 when the server said that it knew the message. For `deliver` and `repair`: which connection of the client. */
  readonly note: number;
}
