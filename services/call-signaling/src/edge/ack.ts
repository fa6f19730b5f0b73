import type { Rejection } from '@switchboard/protocol';

export type Ack = (answer: Record<string, unknown>) => void;

/** Splits off the ack function that Socket.IO hands over as the last argument, and makes sure it is called once. */
export function takeAck(args: readonly unknown[]): { readonly args: readonly unknown[]; readonly ack?: Ack } {
  const last = args.at(-1);
  if (typeof last !== 'function') return { args };
  let called = false;
  return {
    args: args.slice(0, -1),
    ack: (answer) => {
      if (called) return;
      called = true;
      last(answer);
    },
  };
}

export function positiveAck(fields: Record<string, unknown>): Record<string, unknown> {
  return { ...fields, ok: true, success: true };
}

export function negativeAck({
  code,
  message,
  detail,
  retryable,
  retryAfterMs,
  fields,
}: Rejection): Record<string, unknown> {
  return {
    ok: false,
    success: false,
    error: {
      code,
      message,
      retryable,
      ...(detail === undefined ? {} : { detail }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(fields === undefined ? {} : { fields }),
    },
  };
}
