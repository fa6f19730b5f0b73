import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Coturn, startCoturn } from '../harness/coturn.ts';
import { http } from '../harness/http.ts';
import { type Person, register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

const executablePath = process.env.SWITCHBOARD_MISSING_PROGRAMS
  ? undefined
  : process.env.SWITCHBOARD_CHROMIUM;

interface Description {
  readonly type: 'offer' | 'answer';
  readonly sdp: string;
}

declare global {
  interface Window {
    connection: RTCPeerConnection;
    heard: string[];
  }
}

// Needs Debian's Chromium, and coturn: `.ci/run` installs it and sets the variable, so there this suite always runs.
describe.runIf(executablePath)('two browsers that reach each other by TURN alone', () => {
  let coturn: Coturn;
  let topology: Topology;
  let browser: Browser;

  beforeAll(async () => {
    coturn = await startCoturn();
    topology = await allInOne({ TURN_URLS: coturn.url, TURN_SECRET: coturn.secret });
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await topology?.[Symbol.asyncDispose]();
    await coturn?.[Symbol.asyncDispose]();
  });

  /** A page with a connection that uses nothing but relays, by the servers of this user. */
  async function relayed(
    { token }: Person,
    spoil: (credential: string) => string = (it) => it,
  ): Promise<Page> {
    const { body } = await http('GET', `${topology.url(0)}/api/ice-servers`, { token });
    const iceServers = body.iceServers.map((server: { credential: string }) => ({
      ...server,
      credential: spoil(server.credential),
    }));
    const page = await (await browser.newContext()).newPage();
    await page.goto(topology.url(0));
    await page.evaluate((servers: RTCIceServer[]) => {
      window.connection = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: 'relay' });
      window.heard = [];
      const hear = (channel: RTCDataChannel) => {
        channel.onopen = () => channel.send('hello over the relay');
        channel.onmessage = ({ data }) => window.heard.push(data);
      };
      window.connection.ondatachannel = ({ channel }) => hear(channel);
      hear(window.connection.createDataChannel('words', { negotiated: true, id: 1 }));
    }, iceServers);
    return page;
  }

  /** With all its candidates in it. */
  const describeItself = (page: Page, remote?: Description): Promise<Description> =>
    page.evaluate(async (given) => {
      const { connection } = window;
      if (given) await connection.setRemoteDescription(given);
      await connection.setLocalDescription();
      while (connection.iceGatheringState !== 'complete') {
        await new Promise((resolve) => {
          connection.addEventListener('icegatheringstatechange', resolve, { once: true });
        });
      }
      const { type, sdp } = connection.localDescription ?? { type: 'offer', sdp: '' };
      return { type: type as 'offer' | 'answer', sdp };
    }, remote);

  it('talk through coturn with the credentials that the server gave to each', async () => {
    const pages = [
      await relayed(await register(topology, 'Alice')),
      await relayed(await register(topology, 'Bob')),
    ] as const;
    const offer = await describeItself(pages[0]);
    expect(offer.sdp).toMatch(/a=candidate:.* typ relay/);
    expect(offer.sdp).not.toMatch(/typ (host|srflx)/);
    const answer = await describeItself(pages[1], offer);
    await pages[0].evaluate((given) => window.connection.setRemoteDescription(given), answer);
    for (const page of pages) {
      await page.waitForFunction(() => window.heard.includes('hello over the relay'));
      const types = await page.evaluate(async () => {
        const found: string[] = [];
        for (const stat of (await window.connection.getStats()).values()) {
          if (stat.type === 'local-candidate') found.push(stat.candidateType);
        }
        return found;
      });
      expect(new Set(types)).toEqual(new Set(['relay']));
    }
  });

  it('find no way with a credential that is not theirs', async () => {
    const page = await relayed(await register(topology, 'Mallory'), () => 'a guess');
    expect((await describeItself(page)).sdp).not.toContain('a=candidate');
  });
});
