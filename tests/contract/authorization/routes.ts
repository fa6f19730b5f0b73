import { row, table } from './rows.ts';

//                        anonymous expired banned stranger member creator caller callee admin
const ANYBODY = row('      yes       yes     yes    yes      yes    yes     yes    yes    yes');
/** With one's own credentials: whether a token is shown beside them does not matter. */
const CREDENTIALS = row('  401       yes     403    yes      yes    yes     yes    yes    yes');
const REFRESH = row('      401       yes     401    yes      yes    yes     yes    yes    yes');
/** Whose session is over already hears that it is over. */
const LOGOUT = row('       401       401     yes    yes      yes    yes     yes    yes    yes');
const USERS = row('        401       401     401    yes      yes    yes     yes    yes    yes');
const ADMINS = row('       401       401     401    403      403    403     403    403    yes');
/** What others own looks like what is not there. */
const OWNER = row('        401       401     401    404      404    yes     404    404    404');
/** Rooms are there for everybody to see. */
const CREATORS = row('     401       401     401    403      403    yes     403    403    403');
/** Of a call that they had. */
const PARTIES = row('      401       401     401    404      404    404     yes    yes    404');
const MEMBERS = row('      401       401     401    403      yes    yes     403    403    403');

/** Every route that is mounted, and who may ask it. */
export const ROUTES = table([
  {
    row: ANYBODY,
    operations: [
      'post /auth/register',
      'post /api/auth/register',
      'post /api/v1/auth/register',
      'post /api/auth/signup',
      'post /auth/register/',
      'post /api/auth/register/',
      // To the path with the slash, where a token is looked at.
      'get /auth/profile',
      'get /api/auth/profile',
      'get /api/rooms/:id',
      'get /auth/token/refresh',
      'get /api/auth/token/refresh',
      'get /api/auth/logout',
      'get /openapi.json',
      'get /asyncapi.json',
      'get /docs',
      'get /docs/',
      'get /docs/events',
      'get /docs/assets/:file',
      'get /livez',
      'get /readyz',
      'get /health',
      'get /metrics',
    ],
  },
  {
    row: CREDENTIALS,
    operations: [
      'post /auth/login',
      'post /api/auth/login',
      'post /api/login',
      'post /api/v1/auth/login',
      'post /auth/login/',
      'post /api/auth/login/',
    ],
  },
  {
    row: REFRESH,
    operations: [
      'post /auth/refresh',
      'post /api/auth/refresh-token',
      'post /api/v1/auth/refresh',
      'post /auth/token/refresh',
      'post /auth/token/refresh/',
      'post /api/auth/token/refresh',
      'post /api/auth/token/refresh/',
    ],
  },
  {
    row: LOGOUT,
    operations: [
      'post /auth/logout',
      'post /auth/logout/',
      'post /api/auth/logout',
      'post /api/auth/logout/',
    ],
  },
  {
    row: USERS,
    operations: [
      'get /auth/verify',
      'post /auth/verify',
      'get /api/users/search',
      'get /api/users',
      'get /api/messages',
      'post /api/messages',
      'post /api/auth/expo-push-token',
      'get /api/chat/history/:userId',
      'get /api/call/history',
      'post /api/v1/auth/logout',
      'post /api/v1/auth/logout-all',
      'get /api/v1/auth/verify',
      'post /api/v1/auth/password',
      'get /api/v1/me',
      'patch /api/v1/me',
      'delete /api/v1/me',
      'get /api/v1/users',
      'get /api/v1/users/:id',
      'get /api/v1/conversations',
      'get /api/v1/calls',
      'get /api/v1/ice-servers',
      'get /api/ice-servers',
      'get /api/v1/sessions',
      'get /api/v1/devices',
      'post /api/v1/devices',
      'get /api/v1/push/web-push-key',
      'get /api/v1/notifications/preferences',
      'put /api/v1/notifications/preferences',
      ...['/auth/profile/', '/api/auth/profile/'].flatMap((path) => [
        `get ${path}`,
        `patch ${path}`,
        `delete ${path}`,
        `patch ${path.slice(0, -1)}`,
        `delete ${path.slice(0, -1)}`,
      ]),
      'get /api/rooms',
      'post /api/rooms',
      'get /api/rooms/:roomId/messages',
      'get /api/rooms/',
      'post /api/rooms/',
      'get /api/rooms/:id/',
      'get /api/rooms/:id/messages/',
      'get /api/v1/rooms',
      'post /api/v1/rooms',
      'get /api/v1/rooms/:id',
      'get /api/v1/rooms/:id/participants',
    ],
  },
  {
    row: CREATORS,
    operations: ['/api/v1/rooms/:id', '/api/rooms/:id', '/api/rooms/:id/'].flatMap((path) => [
      `patch ${path}`,
      `delete ${path}`,
      ...(path.includes('v1') ? [] : [`put ${path}`]),
    ]),
  },
  { row: OWNER, hidden: true, operations: ['delete /api/v1/sessions/:id', 'delete /api/v1/devices/:id'] },
  {
    row: PARTIES,
    hidden: true,
    operations: ['get /api/v1/calls/:id', 'post /api/v1/calls/:id/quality'],
  },
  {
    row: MEMBERS,
    hidden: true,
    operations: [
      'get /api/v1/conversations/:id/messages',
      'post /api/v1/conversations/:id/messages',
      'put /api/v1/conversations/:id/notifications',
      'delete /api/v1/conversations/:id/notifications',
    ],
  },
  {
    row: ADMINS,
    operations: [
      'get /api/v1/invitations',
      'post /api/v1/invitations',
      'get /admin/webhooks',
      'post /admin/webhooks',
      'get /admin/webhooks/:id',
      'patch /admin/webhooks/:id',
      'delete /admin/webhooks/:id',
      'post /admin/webhooks/:id/rotate-secret',
      'post /admin/webhooks/:id/test',
      'get /admin/webhooks/:id/deliveries',
      'post /admin/webhooks/:id/replay',
      'get /admin/calls',
      'get /admin/calls/quality',
      'get /admin/calls/:id/rings',
      'get /admin/users',
      'post /admin/users/:id/ban',
      'post /admin/users/:id/unban',
      'delete /admin/users/:id',
      'patch /admin/users/:id',
      'post /admin/invitations/generate',
      'get /admin/invitations',
      'get /admin/invitations/',
    ],
  },
]);
