import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventLog } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type RunningServer, startServer, temporaryFolder } from '../harness/server-process.ts';

/** The clients of the documents as they stand there, against the demo users. */
describe('clients as the documents write them', () => {
  let server: RunningServer;
  let data: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    data = await temporaryFolder();
    server = await startServer({ DATA_DIR: data.path, PORT: '0' });
  });
  afterAll(async () => {
    await server?.stop('SIGTERM');
    await data?.remove();
  });

  const tokenOf = async (email: string) =>
    (await http('POST', `${server.url}/api/auth/login`, { body: { email, password: 'password123' } })).body
      .token;

  it('jitsi: the sample client joins, messages Bob and places a video call', async () => {
    const [aliceToken, bobToken] = [await tokenOf('alice@example.com'), await tokenOf('bob@example.com')];
    const bob = io(server.url, { forceNew: true });
    const heard = new EventLog('bob');
    bob.onAny((event, ...args) => heard.push(event, args));
    bob.emit('join', { userId: '2', token: bobToken });
    await heard.next('connected', (payload) => payload.userId === '2');

    // From here as in the document: no waiting between the lines.
    const socket = io(server.url, { forceNew: true });
    const seen = new EventLog('alice');
    socket.onAny((event, ...args) => seen.push(event, args));
    socket.emit('join', { userId: '1', token: aliceToken });
    socket.emit('message', { to: '2', content: 'Hello Bob!', type: 'text' });
    socket.emit('call:initiate', { to: '2', callType: 'video' });
    try {
      expect(await heard.next('message')).toMatchObject({
        senderId: '1',
        senderName: 'Alice Johnson',
        receiverId: '2',
        content: 'Hello Bob!',
        type: 'text',
      });
      const ring = await heard.next('call:incoming');
      expect(ring).toMatchObject({ from: '1', fromName: 'Alice Johnson', to: '2', type: 'video' });
      bob.emit('call:respond', { callId: ring.id, response: 'accept', to: '1' });
      expect(await seen.next('call:accepted')).toMatchObject({ callId: ring.id, by: '2', type: 'video' });
      bob.emit('call:end', { callId: ring.id, to: '1' });
      expect(await seen.next('call:ended')).toMatchObject({ callId: ring.id, by: '2', reason: 'user_ended' });
    } finally {
      socket.close();
      bob.close();
    }
  });

  it('the same user as peer and as jitsi at once', async () => {
    const token = await tokenOf('alice@example.com');
    const peer = io(server.url, { forceNew: true, auth: { token } });
    const jitsi = io(server.url, { forceNew: true });
    const [seenByPeer, seenByJitsi] = [new EventLog('alice (peer)'), new EventLog('alice (jitsi)')];
    peer.onAny((event, ...args) => seenByPeer.push(event, args));
    jitsi.onAny((event, ...args) => seenByJitsi.push(event, args));
    try {
      const users = (await seenByPeer.next('users')) as unknown as Array<{ id: string }>;
      expect(users.filter((user) => user.id === '1')).toHaveLength(1);
      jitsi.emit('join', { userId: '1', token });
      expect(await seenByJitsi.next('connected')).toMatchObject({ userId: '1' });
      peer.emit('rejectCall', { targetUserId: '2' });
      expect(await seenByPeer.next('error')).toMatchObject({ code: 'CALL_NOT_FOUND' });
      expect(seenByJitsi.count('error')).toBe(0);
    } finally {
      peer.close();
      jitsi.close();
    }
  });
});
