import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import { type Dialect, dialects } from '../../../packages/dialects/src/index.ts';
import { type Command, roomOf } from '../../../packages/protocol/src/index.ts';
import type { Rule } from './rows.ts';

/** One way to say an event: the golden fixture of it, by what it names. */
export interface Form {
  readonly dialect: Dialect;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly command: Command;
  /** Under which the table has it; spellings of a vocabulary share it. */
  readonly listed: string;
}

/** What decides who may give a command: the command, and how it names what it is about. */
function formOf(command: Command): string {
  switch (command.type) {
    case 'chat.send':
    case 'chat.typing':
    case 'call.place':
      return `${command.type} to ${command.to.kind}`;
    case 'call.answer':
    case 'call.reject':
    case 'call.end':
    case 'call.signal':
      return `${command.type} by ${command.ref.by}`;
    case 'call.resume':
      return `${command.type} ${command.callId === undefined ? 'any' : 'by id'}`;
    case 'chat.read':
      if (command.conversationId === undefined) return 'chat.read of messages';
      return `chat.read of ${roomOf(command.conversationId) === undefined ? 'direct' : 'room'}`;
    case 'room.signal':
      return `room.signal to ${command.to?.kind ?? 'all'}`;
    default:
      return command.type;
  }
}

/** Variants of a vocabulary are listed as the vocabulary. */
function listedAs({ name, variantOf }: Dialect, event: string): string {
  const base = variantOf === undefined ? undefined : dialects.get(variantOf);
  const same = [...(base?.inbound.keys() ?? [])].find((word) => word.toLowerCase() === event.toLowerCase());
  return `${variantOf ?? name} ${same ?? event}`;
}

/** Every form of every event of every Socket.IO vocabulary that has a golden fixture, once. */
export const forms: readonly Form[] = [...dialects.values()]
  .filter(({ transport }) => transport === 'socket.io')
  .flatMap((dialect) => {
    const seen = new Map<string, Form>();
    for (const { event, args, command } of fixtures.get(dialect.name)?.inbound ?? []) {
      const listed = `${listedAs(dialect, event)}: ${formOf(command)}`;
      if (!seen.has(listed)) seen.set(listed, { dialect, event, args, command, listed });
    }
    return [...seen.values()];
  });

/** The first fixture of a vocabulary by which a command can be given. */
export function wayTo(dialect: Dialect, fits: (command: Command) => boolean): Form | undefined {
  return forms.find((form) => form.dialect === dialect && fits(form.command));
}

/** Events that the vocabularies have and the table lacks, and the other way round. */
export function unlisted(table: ReadonlyMap<string, Rule>): { missing: string[]; superfluous: string[] } {
  const there = new Set(forms.map(({ listed }) => listed));
  const spoken = new Set(forms.map(({ dialect, event }) => `${dialect.name} ${event}`));
  const silent = [...dialects.values()]
    .filter(({ transport }) => transport === 'socket.io')
    .flatMap(({ name, inbound }) => [...inbound.keys()].map((event) => `${name} ${event}`))
    .filter((event) => !spoken.has(event));
  return {
    missing: [...silent, ...[...there].filter((listed) => !table.has(listed))].sort(),
    superfluous: [...table.keys()].filter((listed) => !there.has(listed)).sort(),
  };
}
