import { randomBytes, randomUUID } from 'node:crypto';
import type { Invitation } from '@switchboard/dialects';
import type { Identity } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { stored } from '../store/stored.ts';

const CODE_BYTES = 20;

/** A code of 160 random bits for one registration. */
export async function issueInvitation(
  context: AuthContext,
  actor: Identity,
  client: Client,
): Promise<Invitation> {
  const now = context.clock.now();
  const createdAt = new Date(now);
  const expiresAt = new Date(now + context.config.INVITATION_TTL);
  const invitation = { _id: randomUUID(), code: randomBytes(CODE_BYTES).toString('base64url') };
  const actorId = Number(actor.id);
  await stored(() => context.invitations.create({ ...invitation, createdBy: actorId, createdAt, expiresAt }));
  context.audit.record({ action: 'invitation.created', actorId, detail: invitation._id, ...client });
  return {
    id: invitation._id,
    code: invitation.code,
    usedBy: null,
    usedAt: null,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}
