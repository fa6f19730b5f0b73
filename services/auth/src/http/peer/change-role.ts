import { peerManaged, peerRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { changeRole } from '../../accounts/change-role.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const peerChangeRole = (context: AuthContext): Route =>
  route({
    ...peerRest.changeRole,
    async handle(request) {
      const { actor, params, body } = request;
      const changed = await changeRole(context, actor, Number(params.id), body.role, clientOf(request));
      return { status: 200, body: peerManaged('role', orThrow(changed)) };
    },
  });
