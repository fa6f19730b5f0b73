import { paired } from '@switchboard/dialects';
import type { Route } from '@switchboard/service-kit';
import type { AuthContext } from '../context.ts';
import { channelsRoutes } from './channels/channels-routes.ts';
import { expoRefresh } from './expo/refresh.ts';
import { expoRegister } from './expo/register.ts';
import { jitsiListUsers } from './jitsi/list-users.ts';
import { nativeChangePassword } from './native/change-password.ts';
import { nativeCreateInvitation } from './native/create-invitation.ts';
import { nativeDeleteMe } from './native/delete-me.ts';
import { nativeGetMe } from './native/get-me.ts';
import { nativeGetUser } from './native/get-user.ts';
import { nativeListInvitations } from './native/list-invitations.ts';
import { nativeListSessions } from './native/list-sessions.ts';
import { nativeListUsers } from './native/list-users.ts';
import { nativeLogin } from './native/login.ts';
import { nativeLogout } from './native/logout.ts';
import { nativeLogoutAll } from './native/logout-all.ts';
import { nativePatchMe } from './native/patch-me.ts';
import { nativeRefresh } from './native/refresh.ts';
import { nativeRegister } from './native/register.ts';
import { nativeRevokeSession } from './native/revoke-session.ts';
import { nativeVerify } from './native/verify.ts';
import { peerBanUser } from './peer/ban-user.ts';
import { peerChangeRole } from './peer/change-role.ts';
import { peerDeleteUser } from './peer/delete-user.ts';
import { peerGenerateInvitation } from './peer/generate-invitation.ts';
import { peerListInvitations } from './peer/list-invitations.ts';
import { peerListInvitationsSlash } from './peer/list-invitations-slash.ts';
import { peerListUsers } from './peer/list-users.ts';
import { peerLogin } from './peer/login.ts';
import { peerLogout } from './peer/logout.ts';
import { peerRefresh } from './peer/refresh.ts';
import { peerRegister } from './peer/register.ts';
import { peerSearchUsers } from './peer/search-users.ts';
import { peerUnbanUser } from './peer/unban-user.ts';
import { peerVerify } from './peer/verify.ts';
import { peerVerifyBearer } from './peer/verify-bearer.ts';
import { roomsSignup } from './rooms/signup.ts';
import { sharedLoginRoute } from './shared/login.ts';
import { wrappedLoginRoute } from './shared/wrapped-login.ts';

const ROUTES = [
  expoRefresh,
  expoRegister,
  jitsiListUsers,
  nativeChangePassword,
  nativeCreateInvitation,
  nativeDeleteMe,
  nativeGetMe,
  nativeGetUser,
  nativeListInvitations,
  nativeListSessions,
  nativeListUsers,
  nativeLogin,
  nativeLogoutAll,
  nativeLogout,
  nativePatchMe,
  nativeRefresh,
  nativeRegister,
  nativeRevokeSession,
  nativeVerify,
  peerBanUser,
  peerChangeRole,
  peerDeleteUser,
  peerGenerateInvitation,
  peerListInvitationsSlash,
  peerListInvitations,
  peerListUsers,
  peerLogin,
  peerLogout,
  peerRefresh,
  peerRegister,
  peerSearchUsers,
  peerUnbanUser,
  peerVerifyBearer,
  peerVerify,
  roomsSignup,
  sharedLoginRoute,
  wrappedLoginRoute,
] as const;

/** Every route of accounts, in every vocabulary that has one. */
export function authRoutes(context: AuthContext): Route[] {
  return paired([...ROUTES.map((make) => make(context)), ...channelsRoutes(context)]);
}
