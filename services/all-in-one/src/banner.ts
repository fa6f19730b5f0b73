export interface BannerFacts {
  readonly url: string;
  readonly dataDir: string;
  readonly demo: boolean;
  /** Set only when this start made the password up: it is shown once and stored nowhere in clear. */
  readonly generatedAdmin?: { readonly username: string; readonly password: string };
}

/** What a person reads when the server is ready. */
export function banner(facts: BannerFacts): string {
  const lines = [
    '',
    `  Switchboard is ready at ${facts.url}`,
    '',
    `    Web client     ${facts.url}/`,
    `    Socket.IO      ${facts.url}  (peer, jitsi and native clients)`,
    `    Health         ${facts.url}/health   ${facts.url}/metrics`,
    `    Data           ${facts.dataDir}`,
  ];
  if (facts.demo) {
    lines.push(
      '',
      '    Demo log-ins   alice / password123    bob / password123',
      '',
      '    Two windows: sign in as alice in one and as bob in the other, then call.',
    );
  }
  if (facts.generatedAdmin) {
    lines.push(
      '',
      `    Admin log-in   ${facts.generatedAdmin.username} / ${facts.generatedAdmin.password}   (shown this once)`,
    );
  }
  if (facts.demo) {
    lines.push(
      '',
      '    Try it:',
      `    curl -s ${facts.url}/api/auth/login -H 'content-type: application/json' -d '{"username":"alice","password":"password123"}'`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
