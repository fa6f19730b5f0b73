import { CallMedia, Negotiation } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { answer, CAST, end, place, reject } from '../../testing/cast.ts';
import { play } from '../../testing/play.ts';
import { compatible } from './compatible.ts';
import { isGlare } from './glare.ts';

const { caller, callee, second, stranger } = CAST;

describe('compatible', () => {
  const MEDIA = CallMedia.options;
  const ABILITIES: Record<string, readonly Negotiation[]> = {
    nothing: [],
    'offer-first': ['offer-first'],
    'accept-first': ['accept-first'],
    both: Negotiation.options,
  };
  /** p2p: caller, has offer → which devices can be rung. */
  const P2P = [
    ['offer-first', true, ['offer-first', 'accept-first', 'both']],
    ['offer-first', false, []],
    ['accept-first', true, ['offer-first', 'accept-first', 'both']],
    ['accept-first', false, ['accept-first', 'both']],
  ] as const;
  it.each(P2P)('p2p, %s caller, offer %s: rings %j', (negotiation, hasOffer, rung) => {
    const able = Object.keys(ABILITIES).filter((name) =>
      compatible({ media: MEDIA, rungBy: ABILITIES[name] ?? [] }, { media: 'p2p', negotiation, hasOffer }),
    );
    expect(able).toEqual(rung);
  });
  it('needs the same media, and for Jitsi nothing else', () => {
    for (const device of MEDIA) {
      for (const media of MEDIA) {
        for (const negotiation of Negotiation.options) {
          for (const hasOffer of media === 'jitsi' ? [true, false] : [true]) {
            const rung = compatible(
              { media: [device], rungBy: [negotiation] },
              { media, negotiation, hasOffer },
            );
            expect(rung).toBe(device === media);
          }
        }
      }
    }
  });
});

describe('isGlare', () => {
  const ringing = play([0, place(caller, [callee.user, second.user])]);
  const callBack = (state = ringing) => isGlare(state, callee.user.id, caller.user.id);
  it('is a call to the one who is calling me', () => {
    expect(callBack()).toBe(true);
    expect(isGlare(ringing, second.user.id, caller.user.id)).toBe(true);
  });
  it('is no call by the caller, by a stranger, or to another callee', () => {
    expect(isGlare(ringing, caller.user.id, callee.user.id)).toBe(false);
    expect(isGlare(ringing, stranger.user.id, caller.user.id)).toBe(false);
    expect(isGlare(ringing, callee.user.id, second.user.id)).toBe(false);
  });
  it('is over once I refused, somebody answered, or the call ended', () => {
    const placed = [0, place(caller, [callee.user, second.user])] as const;
    expect(callBack(play(placed, [1, reject(callee)]))).toBe(false);
    expect(callBack(play(placed, [1, answer(callee)]))).toBe(false);
    expect(callBack(play(placed, [1, end(caller)]))).toBe(false);
  });
});
