import { createECDH } from 'node:crypto';
import { nativeRest } from '@switchboard/dialects';
import { expect, it } from 'vitest';
import { assemble, type Client } from './create-client.ts';
import { FakeLines } from './testing/fake-lines.ts';

/** What of the client speaks to which route; null for those that a socket command does better. */
const spokenBy: Record<keyof typeof nativeRest, ((client: Client) => Promise<unknown>) | null> = {
  register: (client) => client.register({ username: 'a', password: 'long enough' }),
  login: (client) => client.logIn('a', 'b'),
  refresh: async (client) => {
    await client.logIn('a', 'b');
    await client.users.me();
  },
  logout: (client) => client.logOut(),
  logoutAll: (client) => client.logOut({ everywhere: true }),
  verify: null,
  changePassword: (client) => client.users.changePassword('old', 'new password'),
  getMe: (client) => client.users.me(),
  patchMe: (client) => client.users.update({ name: 'Alice' }),
  deleteMe: (client) => client.users.deleteAccount(),
  listUsers: (client) => client.users.list({ q: 'a b', limit: 3 }),
  getUser: (client) => client.users.get('7'),
  listConversations: null,
  listMessages: null,
  sendMessage: null,
  listRooms: (client) => client.rooms.list({ kind: 'chat', search: 'x', after: '7', limit: 3 }),
  createRoom: (client) => client.rooms.create({ name: 'lobby' }),
  getRoom: (client) => client.rooms.get('7'),
  updateRoom: (client) => client.rooms.update('7', { name: 'hall' }),
  deleteRoom: (client) => client.rooms.delete('7'),
  listParticipants: (client) => client.rooms.whoIsIn('7'),
  listCalls: (client) => client.calls.history({ before: '0197a7d0-0000-7000-8000-000000000001', limit: 3 }),
  getCall: (client) => client.calls.get('0197a7d0-0000-7000-8000-000000000001'),
  reportCallQuality: (client) =>
    client.calls.reportQuality('0197a7d0-0000-7000-8000-000000000001', { roundTripMs: 40, path: 'direct' }),
  // The console's.
  searchCalls: null,
  callQuality: null,
  callRings: null,
  iceServers: (client) => client.calls.iceServers(),
  iceServersInShort: null,
  listDevices: (client) => client.notifications.devices(),
  registerDevice: (client) =>
    client.notifications.registerWebPush(
      {
        endpoint: 'https://push.example.org/1',
        keys: { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'AAAAAAAAAAAAAAAAAAAAAA' },
      },
      { name: 'Kitchen' },
    ),
  removeDevice: (client) => client.notifications.removeDevice('0197a7d0-0000-7000-8000-000000000001'),
  webPushKey: (client) => client.notifications.webPushKey(),
  getPreferences: (client) => client.notifications.preferences(),
  putPreferences: (client) =>
    client.notifications.setPreferences({ messages: { direct: 'all', rooms: 'none' }, previews: false }),
  putConversationNotifications: (client) => client.notifications.setConversation('r:7', { mode: 'all' }),
  deleteConversationNotifications: (client) => client.notifications.setConversation('r:7', null),
  listInvitations: (client) => client.users.invitations(),
  createInvitation: (client) => client.users.invite(),
  listSessions: (client) => client.users.sessions(),
  revokeSession: (client) => client.users.revokeSession('7'),
};

const user = { id: '1', username: 'a', name: 'A', email: null, role: 'user' };

for (const [name, speak] of Object.entries(spokenBy)) {
  if (!speak) continue;
  it(`speaks to ${name} as the native vocabulary has it`, async () => {
    const asked: { method: string; url: URL; body: unknown }[] = [];
    const server: typeof fetch = async (input, init) => {
      const url = new URL(input as string);
      asked.push({
        method: init?.method ?? '',
        url,
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      });
      // A session whose token lapses at once, so that the next request has to renew it.
      const lapsing = name === 'refresh' && url.pathname.endsWith('/me') && asked.length === 2;
      const body = lapsing
        ? { error: { code: 'UNAUTHORIZED', message: 'lapsed' } }
        : { user, accessToken: `t${asked.length}`, refreshToken: 'r' };
      return new Response(JSON.stringify(body), { status: lapsing ? 401 : 200 });
    };
    const client = assemble({ fetch: server }, 'http://server', new FakeLines().open);
    if (!['register', 'login', 'refresh'].includes(name)) await client.logIn('a', 'b');
    await speak(client);

    const route = nativeRest[name as keyof typeof nativeRest];
    const pattern = new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`);
    const spoken = asked.find(
      ({ method, url }) => method.toLowerCase() === route.method && pattern.test(url.pathname),
    );
    if (!spoken)
      throw new Error(`asked for ${asked.map(({ method, url }) => `${method} ${url.pathname}`).join(', ')}`);
    if ('body' in route) expect(route.body.safeParse(spoken.body)).toMatchObject({ success: true });
    if ('query' in route) {
      const query = Object.fromEntries(spoken.url.searchParams);
      const parsed = route.query.safeParse(query);
      expect(parsed).toMatchObject({ success: true });
      // Every name that was sent is one that the route knows.
      expect(Object.keys(query).filter((key) => !(key in (parsed.data ?? {})))).toEqual([]);
    }
  });
}
