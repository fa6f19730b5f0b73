import { until } from '../../harness/event-log.ts';
import { http } from '../../harness/http.ts';
import { Stage } from '../../harness/people.ts';
import type { Topology } from '../../harness/topology.ts';
import type { Cast } from './cast.ts';

/** A call that `caller` and `callee` had; its id, once history has it. */
export async function hadCall(topology: Topology, { caller, callee }: Cast): Promise<string> {
  await using stage = new Stage(topology);
  const [calling, called] = [await stage.native(caller), await stage.native(callee)];
  // Whoever is in the list of who is here can be rung.
  await called.log.next('presence');
  const must = async (asked: Promise<Record<string, unknown>>) => {
    const answer = await asked;
    if (answer.ok !== true) throw new Error(`no call came about: ${JSON.stringify(answer)}`);
    return answer;
  };
  const placed = await must(calling.ask('call.place', { to: { userId: callee.id }, kind: 'voice' }));
  const { id } = placed.call as { id: string };
  await must(called.ask('call.answer', { callId: id }));
  await must(calling.ask('call.end', { callId: id }));
  await until('history has the call', async () => {
    const { body } = await http('GET', `${topology.url(0)}/api/v1/calls/${id}`, { token: caller.token });
    return body.call?.phase === 'ended';
  });
  return id;
}
