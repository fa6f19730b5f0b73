import { describe, expect, it } from 'vitest';
import {
  type Actor,
  answer,
  CAST,
  end,
  holdCandidate,
  holdOffer,
  lost,
  place,
  type Role,
  reject,
  renew,
  returned,
  take,
  tick,
} from '../../testing/cast.ts';
import { decideFrozen, play, type Step, summary } from '../../testing/play.ts';
import type { CallCommand, CallState } from './state.ts';

const { caller, callee, second } = CAST;
const one: Step = [0, place(caller, [callee.user])];
const several: Step = [0, place(caller, [callee.user, second.user])];
const NOW = 1000;

/** Every situation that a command can meet. */
const SITUATIONS: Record<string, () => CallState | undefined> = {
  unknown: () => undefined,
  ringing: () => play(one),
  'ringing several': () => play(several),
  'ringing, caller away': () => play(one, [10, lost(caller)]),
  'ringing, callee refused': () => play(several, [10, reject(callee)]),
  'ringing, second busy': () =>
    play([0, place(caller, [callee.user, second.user], { busy: [second.user.id] })]),
  'ringing, second unavailable': () =>
    play([0, place(caller, [callee.user, second.user], { reachable: [callee.user.id] })]),
  active: () => play(several, [10, answer(callee)]),
  'active, second refused': () => play(several, [5, reject(second)], [10, answer(callee)]),
  'active, caller away': () => play(several, [10, answer(callee)], [20, lost(caller)]),
  'active, callee away': () => play(several, [10, answer(callee)], [20, lost(callee)]),
  'active, moved to callee-2': () => play(several, [10, answer(callee)], [20, take(CAST['callee-2'])]),
  ended: () => play(several, [10, answer(callee)], [20, end(caller)]),
};

const placeBy = (actor: Actor) =>
  place(
    actor,
    [caller.user, callee.user, second.user].filter((user) => user.id !== actor.user.id),
  );

/** Every command, as an actor gives it. `renew` speaks for the actor's device; `tick` is nobody's, and not due. */
const COMMANDS: Record<string, (actor: Actor) => CallCommand> = {
  place: placeBy,
  answer,
  'reject rejected': (actor) => reject(actor),
  'reject busy': (actor) => reject(actor, 'busy'),
  end,
  'end, no device': (actor) => ({ type: 'end', userId: actor.user.id }),
  'end banned': (actor) => ({ type: 'end', userId: actor.user.id, device: actor.device, cause: 'banned' }),
  'hold-candidate': (actor) => holdCandidate(actor),
  'hold-offer': (actor) => holdOffer(actor),
  'device-lost': lost,
  'device-returned': returned,
  take: (actor) => take(actor),
  renew: (actor) => renew(actor),
  tick: () => tick,
};
const COMMAND_TYPES: Record<CallCommand['type'], true> = {
  place: true,
  answer: true,
  reject: true,
  end: true,
  'hold-candidate': true,
  'hold-offer': true,
  'device-lost': true,
  'device-returned': true,
  take: true,
  renew: true,
  tick: true,
};

const WORDS: Record<string, string> = {
  NF: 'CALL_NOT_FOUND',
  PD: 'PERMISSION_DENIED',
  AE: 'ANSWERED_ELSEWHERE',
  IP: 'CALL_IN_PROGRESS',
  ID: 'INVALID_DATA',
};

/** `=` no change, `+` a silent change, two capitals a refusal, otherwise the events. */
const TABLE = `
unknown                     | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | ringing         | ringing         | ringing           | ringing           | ringing           | ringing
answer                      | NF              | NF              | NF                | NF                | NF                | NF
reject rejected             | NF              | NF              | NF                | NF                | NF                | NF
reject busy                 | NF              | NF              | NF                | NF                | NF                | NF
end                         | NF              | NF              | NF                | NF                | NF                | NF
end, no device              | NF              | NF              | NF                | NF                | NF                | NF
end banned                  | NF              | NF              | NF                | NF                | NF                | NF
hold-candidate              | NF              | NF              | NF                | NF                | NF                | NF
hold-offer                  | NF              | NF              | NF                | NF                | NF                | NF
device-lost                 | NF              | NF              | NF                | NF                | NF                | NF
device-returned             | NF              | NF              | NF                | NF                | NF                | NF
take                        | NF              | NF              | NF                | NF                | NF                | NF
renew                       | NF              | NF              | NF                | NF                | NF                | NF
tick                        | NF              | NF              | NF                | NF                | NF                | NF

ringing                     | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | IP              | IP              | PD                | PD                | PD                | PD
answer                      | PD              | PD              | answered          | answered          | PD                | PD
reject rejected             | PD              | PD              | ended:rejected    | ended:rejected    | PD                | PD
reject busy                 | PD              | PD              | ended:busy        | ended:busy        | PD                | PD
end                         | ended:cancelled | PD              | ended:rejected    | ended:rejected    | PD                | PD
end, no device              | ended:cancelled | ended:cancelled | ended:rejected    | ended:rejected    | PD                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | PD                | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | +               | =               | =                 | =                 | PD                | PD
device-returned             | =               | PD              | PD                | PD                | PD                | PD
take                        | ID              | ID              | ID                | ID                | PD                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ringing several             | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | PD              | PD              | answered          | answered          | answered          | PD
reject rejected             | PD              | PD              | declined:rejected | declined:rejected | declined:rejected | PD
reject busy                 | PD              | PD              | declined:busy     | declined:busy     | declined:busy     | PD
end                         | ended:cancelled | PD              | declined:rejected | declined:rejected | declined:rejected | PD
end, no device              | ended:cancelled | ended:cancelled | declined:rejected | declined:rejected | declined:rejected | PD
end banned                  | ended:banned    | ended:banned    | declined:unavailable | declined:unavailable | declined:unavailable | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | +               | =               | =                 | =                 | =                 | PD
device-returned             | =               | PD              | PD                | PD                | PD                | PD
take                        | ID              | ID              | ID                | ID                | ID                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ringing, caller away        | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | IP              | IP              | PD                | PD                | PD                | PD
answer                      | PD              | PD              | answered interrupted | answered interrupted | PD          | PD
reject rejected             | PD              | PD              | ended:rejected    | ended:rejected    | PD                | PD
reject busy                 | PD              | PD              | ended:busy        | ended:busy        | PD                | PD
end                         | ended:cancelled | ended:cancelled | ended:rejected    | ended:rejected    | PD                | PD
end, no device              | ended:cancelled | ended:cancelled | ended:rejected    | ended:rejected    | PD                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | PD                | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | =               | =               | =                 | =                 | PD                | PD
device-returned             | resumed         | resumed         | PD                | PD                | PD                | PD
take                        | ID              | ID              | ID                | ID                | PD                | PD
renew                       | =               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ringing, callee refused     | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | PD              | PD              | AE                | AE                | answered          | PD
reject rejected             | PD              | PD              | =                 | =                 | ended:rejected    | PD
reject busy                 | PD              | PD              | =                 | =                 | ended:rejected    | PD
end                         | ended:cancelled | PD              | =                 | =                 | ended:rejected    | PD
end, no device              | ended:cancelled | ended:cancelled | =                 | =                 | ended:rejected    | PD
end banned                  | ended:banned    | ended:banned    | =                 | =                 | ended:banned      | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | +               | =               | =                 | =                 | =                 | PD
device-returned             | =               | PD              | PD                | PD                | PD                | PD
take                        | ID              | ID              | PD                | PD                | ID                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ringing, second busy        | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | PD              | PD              | answered          | answered          | AE                | PD
reject rejected             | PD              | PD              | ended:rejected    | ended:rejected    | =                 | PD
reject busy                 | PD              | PD              | ended:busy        | ended:busy        | =                 | PD
end                         | ended:cancelled | PD              | ended:rejected    | ended:rejected    | =                 | PD
end, no device              | ended:cancelled | ended:cancelled | ended:rejected    | ended:rejected    | =                 | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | +               | =               | =                 | =                 | =                 | PD
device-returned             | =               | PD              | PD                | PD                | PD                | PD
take                        | ID              | ID              | ID                | ID                | PD                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ringing, second unavailable | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | PD              | PD              | answered          | answered          | PD                | PD
reject rejected             | PD              | PD              | ended:rejected    | ended:rejected    | PD                | PD
reject busy                 | PD              | PD              | ended:busy        | ended:busy        | PD                | PD
end                         | ended:cancelled | PD              | ended:rejected    | ended:rejected    | PD                | PD
end, no device              | ended:cancelled | ended:cancelled | ended:rejected    | ended:rejected    | PD                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | +               | PD              | PD                | PD                | PD                | PD
hold-offer                  | +               | PD              | PD                | PD                | PD                | PD
device-lost                 | +               | =               | =                 | =                 | =                 | PD
device-returned             | =               | PD              | PD                | PD                | PD                | PD
take                        | ID              | ID              | ID                | ID                | PD                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

active                      | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | =               | PD              | =                 | AE                | AE                | PD
reject rejected             | PD              | PD              | IP                | AE                | AE                | PD
reject busy                 | PD              | PD              | IP                | AE                | AE                | PD
end                         | ended:hangup    | PD              | ended:hangup      | AE                | AE                | PD
end, no device              | ended:hangup    | ended:hangup    | ended:hangup      | ended:hangup      | AE                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | =               | PD              | =                 | PD                | PD                | PD
hold-offer                  | =               | PD              | =                 | PD                | PD                | PD
device-lost                 | interrupted     | =               | interrupted       | =                 | =                 | PD
device-returned             | =               | PD              | =                 | PD                | PD                | PD
take                        | =               | moved           | =                 | moved             | PD                | PD
renew                       | +               | =               | +                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

active, second refused      | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | =               | PD              | =                 | AE                | AE                | PD
reject rejected             | PD              | PD              | IP                | AE                | =                 | PD
reject busy                 | PD              | PD              | IP                | AE                | =                 | PD
end                         | ended:hangup    | PD              | ended:hangup      | AE                | =                 | PD
end, no device              | ended:hangup    | ended:hangup    | ended:hangup      | ended:hangup      | =                 | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | =               | PD              | =                 | PD                | PD                | PD
hold-offer                  | =               | PD              | =                 | PD                | PD                | PD
device-lost                 | interrupted     | =               | interrupted       | =                 | =                 | PD
device-returned             | =               | PD              | =                 | PD                | PD                | PD
take                        | =               | moved           | =                 | moved             | PD                | PD
renew                       | +               | =               | +                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

active, caller away         | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | =               | PD              | =                 | AE                | AE                | PD
reject rejected             | PD              | PD              | IP                | AE                | AE                | PD
reject busy                 | PD              | PD              | IP                | AE                | AE                | PD
end                         | ended:hangup    | ended:hangup    | ended:hangup      | AE                | AE                | PD
end, no device              | ended:hangup    | ended:hangup    | ended:hangup      | ended:hangup      | AE                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | =               | PD              | =                 | PD                | PD                | PD
hold-offer                  | =               | PD              | =                 | PD                | PD                | PD
device-lost                 | =               | =               | interrupted       | =                 | =                 | PD
device-returned             | resumed         | resumed         | =                 | PD                | PD                | PD
take                        | resumed         | moved           | =                 | moved             | PD                | PD
renew                       | =               | =               | +                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

active, callee away         | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | =               | PD              | =                 | AE                | AE                | PD
reject rejected             | PD              | PD              | IP                | AE                | AE                | PD
reject busy                 | PD              | PD              | IP                | AE                | AE                | PD
end                         | ended:hangup    | PD              | ended:hangup      | ended:hangup      | AE                | PD
end, no device              | ended:hangup    | ended:hangup    | ended:hangup      | ended:hangup      | AE                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | =               | PD              | =                 | PD                | PD                | PD
hold-offer                  | =               | PD              | =                 | PD                | PD                | PD
device-lost                 | interrupted     | =               | =                 | =                 | =                 | PD
device-returned             | =               | PD              | resumed           | resumed           | PD                | PD
take                        | =               | moved           | resumed           | moved             | PD                | PD
renew                       | +               | =               | =                 | =                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

active, moved to callee-2   | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | =               | PD              | AE                | =                 | AE                | PD
reject rejected             | PD              | PD              | AE                | IP                | AE                | PD
reject busy                 | PD              | PD              | AE                | IP                | AE                | PD
end                         | ended:hangup    | PD              | AE                | ended:hangup      | AE                | PD
end, no device              | ended:hangup    | ended:hangup    | ended:hangup      | ended:hangup      | AE                | PD
end banned                  | ended:banned    | ended:banned    | ended:banned      | ended:banned      | =                 | PD
hold-candidate              | =               | PD              | PD                | =                 | PD                | PD
hold-offer                  | =               | PD              | PD                | =                 | PD                | PD
device-lost                 | interrupted     | =               | =                 | interrupted       | =                 | PD
device-returned             | =               | PD              | PD                | =                 | PD                | PD
take                        | =               | moved           | =                 | =                 | PD                | PD
renew                       | +               | =               | =                 | +                 | =                 | =
tick                        | =               | =               | =                 | =                 | =                 | =

ended                       | caller          | caller-2        | callee            | callee-2          | second            | stranger
place                       | =               | =               | PD                | PD                | PD                | PD
answer                      | NF              | NF              | NF                | NF                | NF                | NF
reject rejected             | NF              | NF              | NF                | NF                | NF                | NF
reject busy                 | NF              | NF              | NF                | NF                | NF                | NF
end                         | NF              | NF              | NF                | NF                | NF                | NF
end, no device              | NF              | NF              | NF                | NF                | NF                | NF
end banned                  | NF              | NF              | NF                | NF                | NF                | NF
hold-candidate              | NF              | NF              | NF                | NF                | NF                | NF
hold-offer                  | NF              | NF              | NF                | NF                | NF                | NF
device-lost                 | NF              | NF              | NF                | NF                | NF                | NF
device-returned             | NF              | NF              | NF                | NF                | NF                | NF
take                        | NF              | NF              | NF                | NF                | NF                | NF
renew                       | NF              | NF              | NF                | NF                | NF                | NF
tick                        | =               | =               | =                 | =                 | =                 | =
`;

interface Cell {
  readonly situation: string;
  readonly command: string;
  readonly role: string;
  readonly expected: string;
}

const CELLS: readonly Cell[] = TABLE.trim()
  .split('\n\n')
  .flatMap((block) => {
    const [[situation = '', ...roles] = [], ...rows] = block
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    return rows.flatMap(([command = '', ...outcomes]) =>
      outcomes.map((expected, i) => ({ situation, command, role: roles[i] ?? '', expected })),
    );
  });

describe('every command in every situation by everybody', () => {
  it('is in the table', () => {
    const name = (cell: Omit<Cell, 'expected'>) => `${cell.situation} / ${cell.command} / ${cell.role}`;
    const all = Object.keys(SITUATIONS).flatMap((situation) =>
      Object.keys(COMMANDS).flatMap((command) =>
        Object.keys(CAST).map((role) => name({ situation, command, role })),
      ),
    );
    expect(CELLS.map(name).toSorted()).toEqual(all.toSorted());
    const types = Object.values(COMMANDS).map((command) => command(caller).type);
    expect(new Set(types)).toEqual(new Set(Object.keys(COMMAND_TYPES)));
  });

  describe.each(Object.entries(SITUATIONS))('%s', (situation, make) => {
    const cells = CELLS.filter((cell) => cell.situation === situation);
    it.each(cells)('$command by $role: $expected', ({ command, role, expected }) => {
      const state = make();
      const build = COMMANDS[command];
      if (!build) throw new Error(`no command ${command}`);
      const decision = decideFrozen(state, build(CAST[role as Role]), NOW);
      expect(summary(state, decision)).toBe(WORDS[expected] ?? expected);
    });
  });
});
