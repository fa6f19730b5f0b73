import type { Doc, Value } from '../bson/value.ts';
import type { Engine } from '../engine/engine.ts';
import type { Pace } from '../engine/pace.ts';

export interface Invocation {
  readonly engine: Engine;
  readonly name: string;
  readonly db: string;
  /** The whole command document; its first value is the collection, where there is one. */
  readonly body: Doc;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly pace: Pace;
  readonly connectionId: number;
}

export interface Command {
  /** Fields it understands besides its own name and the generic ones; any other is an error rather than ignored. */
  readonly fields: readonly string[];
  /** @throws CommandError */
  readonly run: (invocation: Invocation) => Promise<Doc> | Doc;
}

export type CommandTable = Readonly<Record<string, Command>>;

export function target({ body }: Invocation): Value | undefined {
  return body.values().next().value;
}
