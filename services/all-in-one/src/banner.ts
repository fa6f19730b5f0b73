import type { Seeded } from '@switchboard/auth';

export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string;
  readonly seeded: Seeded;
}

/** What a person reads when the server is ready. A made-up administrator's password is shown here once and stored nowhere in clear. */
export function banner({ url, dataDir, seeded }: BannerFacts): string {
  const lines = [
    '',
    `  Switchboard is ready at ${url}`,
    '',
    `    Web client     ${url}/`,
    `    Socket.IO      ${url}  (peer, rooms, jitsi, expo and native clients)`,
    `    WebSocket      ${url.replace(/^http/, 'ws')}/ws/chat/{room_id}/  (channels clients)`,
    `    Health         ${url}/health   ${url}/metrics`,
    `    Contracts      ${url}/docs`,
    `    Data           ${dataDir}`,
  ];
  const [first] = seeded.demo;
  if (first) {
    lines.push(
      '',
      `    Demo log-ins   ${seeded.demo.map(({ username, password }) => `${username} / ${password}`).join('    ')}`,
      '',
      '    Two windows: sign in as one in each, then call.',
    );
  }
  if (seeded.admin?.password) {
    lines.push(
      '',
      `    Admin log-in   ${seeded.admin.username} / ${seeded.admin.password}   (shown this once)`,
    );
  }
  if (first) {
    lines.push(
      '',
      '    Try it:',
      `    curl -s ${url}/api/auth/login -H 'content-type: application/json' -d '${JSON.stringify(first)}'`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
