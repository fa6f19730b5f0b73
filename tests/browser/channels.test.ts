import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const executablePath = process.env.SWITCHBOARD_CHROMIUM;

/** What a page's own socket was told, kept in the page. */
interface InPage {
  socket: WebSocket;
  heard: { content?: string; type?: string; sender_id?: number; user?: { id: number } }[];
  closed: number | null;
}

// Needs Debian's Chromium: `.ci/run` installs it and sets the variable, so there this suite always runs.
describe.runIf(executablePath)('a browser’s own WebSocket', () => {
  let topology: Topology;
  let browser: Browser;
  let alice: Person;
  let bob: Person;
  let roomId: string;
  beforeAll(async () => {
    topology = await allInOne();
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
    });
    [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    const made = await http('POST', `${topology.url(0)}/api/rooms/`, {
      token: alice.token,
      body: { name: 'Browsers', room_type: 'video' },
    });
    roomId = String(made.body.id);
  });
  afterAll(async () => {
    await browser?.close();
    await topology?.[Symbol.asyncDispose]();
  });

  /** A page of the server itself, as the document's web client is, with a socket opened in it by the means that a browser has. */
  async function openIn(page: Page, url: string, protocols: string[]): Promise<string> {
    await page.goto(topology.url(0));
    return page.evaluate(
      ({ url, protocols }) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url, protocols);
          const own: InPage = { socket, heard: [], closed: null };
          Object.assign(window, { own });
          socket.onmessage = ({ data }) => own.heard.push(JSON.parse(data));
          socket.onopen = () => resolve(`open ${socket.protocol}`);
          socket.onclose = ({ code }) => {
            own.closed = code;
            resolve(`closed ${code}`);
          };
        }),
      { url, protocols },
    );
  }
  const say = (page: Page, frame: object) =>
    page.evaluate(
      (text) => (window as unknown as { own: InPage }).own.socket.send(text),
      JSON.stringify(frame),
    );
  const hears = (page: Page, what: Record<string, unknown>) =>
    page.waitForFunction(
      (expected) =>
        (window as unknown as { own: InPage }).own.heard.some((frame) =>
          Object.entries(expected).every(([key, value]) => (frame as Record<string, unknown>)[key] === value),
        ),
      what,
    );

  it('enters a room by a protocol pair or by the query, chats and signals with each other and with a rooms client', async () => {
    const socketUrl = `${topology.url(0).replace('http', 'ws')}/ws/chat/${roomId}/`;
    const [a, b] = [await browser.newPage(), await browser.newPage()];
    expect(await openIn(a, socketUrl, ['bearer', alice.token])).toBe('open bearer');
    expect(await openIn(b, `${socketUrl}?token=${bob.token}`, [])).toBe('open ');
    await using stage = new Stage(topology);
    const r = await stage.rooms(await register(topology, 'Rita'));
    r.send('join-room', roomId);
    await r.log.next('room-participants');

    await say(a, { content: 'Hello from a page!' });
    for (const page of [a, b]) await hears(page, { content: 'Hello from a page!' });
    expect(await r.log.next('new-message')).toMatchObject({
      content: 'Hello from a page!',
      senderId: alice.id,
    });

    const offer = { type: 'offer', sdp: 'v=0\r\n' };
    await say(b, { type: 'webrtc-offer', offer });
    await hears(a, { type: 'webrtc-offer', sender_id: Number(bob.id) });
    expect(await r.log.next('webrtc-offer')).toMatchObject({ from: bob.id, offer });
  });

  it('is closed while it still is HTTP when its token is wrong, or its page another’s', async () => {
    const socketUrl = `${topology.url(0).replace('http', 'ws')}/ws/chat/${roomId}/`;
    const page = await browser.newPage();
    expect(await openIn(page, socketUrl, ['bearer', 'not.a.token'])).toBe('closed 1006');
    const foreign = await browser.newPage();
    await foreign.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: 'elsewhere' }));
    await foreign.goto('http://elsewhere.example/');
    const closed = await foreign.evaluate(
      ({ url, token }) =>
        new Promise<number>((resolve) => {
          new WebSocket(url, ['bearer', token]).onclose = ({ code }) => resolve(code);
        }),
      { url: socketUrl, token: alice.token },
    );
    expect(closed).toBe(1006);
  });
});
