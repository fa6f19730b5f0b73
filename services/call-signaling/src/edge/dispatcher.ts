import {
  type Command,
  type CommandReply,
  type CommandType,
  type ConversationId,
  directMembers,
  type Result,
  reject,
  toRejection,
} from '@switchboard/protocol';
import { grantOf } from '../authorization.ts';
import { shortCutPassed } from '../calls/cut-off.ts';
import type { Handlers, SignalingContext } from '../context.ts';
import type { Session } from './session.ts';

/** Carries commands of authenticated sockets to their handlers. */
export interface Dispatcher {
  /** The lane in which the command waits for the ones before it; null for none. */
  laneOf(command: Command): string | null;
  /** Never rejects: a fault is logged and becomes INTERNAL, or what a service away says. */
  dispatch(session: Session, command: Command): Promise<Result<CommandReply>>;
  /** Resolves when no command is in hand. */
  idle(): Promise<void>;
}

export function createDispatcher(handlers: Handlers, context: SignalingContext): Dispatcher {
  const inHand = new Set<Promise<unknown>>();

  const carryOut = async (session: Session, command: Command): Promise<Result<CommandReply>> => {
    const grant = grantOf(command.type);
    if (!grant) return reject('PERMISSION_DENIED', 'Not allowed');
    if (grant.may.includes('member') && !mayBeMember(session, command)) {
      return reject('PERMISSION_DENIED', 'Not a member of this conversation');
    }
    try {
      if (grant.changesCall) await shortCutPassed(context);
      const result = await handle(handlers, session, command, context);
      return result.ok
        ? { ok: true, value: { type: command.type, value: result.value } as CommandReply }
        : result;
    } catch (err) {
      const rejection = toRejection(err);
      const fault = { err, command: command.type, userId: session.identity.id };
      if (rejection.retryable) context.logger.warn(fault, 'command not carried out');
      else context.logger.error(fault, 'command failed');
      return { ok: false, error: rejection };
    }
  };

  return {
    laneOf: ({ type }) => grantOf(type)?.lane ?? null,

    dispatch(session, command) {
      const done = carryOut(session, command).finally(() => inHand.delete(done));
      inHand.add(done);
      return done;
    },

    async idle() {
      while (inHand.size > 0) await Promise.all(inHand);
    },
  };
}

/** The id of a direct conversation names its members; of a room only chat knows them. */
function mayBeMember(session: Session, command: Command): boolean {
  const conversationId: ConversationId | undefined =
    'conversationId' in command ? command.conversationId : undefined;
  const members = conversationId && directMembers(conversationId);
  return members === undefined || members.includes(session.identity.id);
}

function handle<T extends CommandType>(
  handlers: Handlers,
  session: Session,
  command: Extract<Command, { type: T }>,
  context: SignalingContext,
): ReturnType<Handlers[T]> {
  const handler = handlers[command.type as T];
  return handler(session, command as never, context) as ReturnType<Handlers[T]>;
}
