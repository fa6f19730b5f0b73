import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, type Child, freePort, startChild } from '@switchboard/processes';

export interface Backends {
  readonly auth: readonly number[];
  readonly chat: readonly number[];
  readonly notification: readonly number[];
  readonly signaling: readonly number[];
}

export interface GatewayPlace {
  readonly name: string;
  /** The shared configuration file. */
  readonly config: string;
  readonly dataDir: string;
  readonly logFile: string;
  /** Address and port. */
  readonly bind: string;
}

/** HAProxy with the routing of deploy/gateway/haproxy.cfg, in front of these loopback ports. */
export async function startGateway(
  ports: Backends,
  { name, config, dataDir, logFile, bind }: GatewayPlace,
): Promise<Child> {
  const backends = join(dataDir, `${name}.backends.cfg`);
  await writeFile(backends, backendsFor(ports));
  const adminPort = await freePort();
  return startChild({
    name,
    command: 'haproxy',
    args: ['-db', '-f', config, '-f', backends],
    env: { GATEWAY_BIND: bind, GATEWAY_ADMIN: `127.0.0.1:${adminPort}` },
    logFile,
    ready: () => answers(`http://127.0.0.1:${adminPort}/livez`),
  });
}

/** What backends.compose.cfg says with names, said with ports. */
function backendsFor({ auth, chat, notification, signaling }: Backends): string {
  const servers = (name: string, all: readonly number[], more = '') =>
    all.map((port, at) => `    server ${name}${at + 1} 127.0.0.1:${port} check${more}`).join('\n');
  const cookies = signaling
    .map((port, at) => `    server node${at + 1} 127.0.0.1:${port} check cookie node${at + 1}`)
    .join('\n');
  return `backend auth
    balance leastconn
${servers('auth', auth)}

backend chat
    balance leastconn
${servers('chat', chat)}

backend notification
    balance leastconn
${servers('notification', notification)}

backend signaling
    balance leastconn
${servers('node', signaling)}

backend signaling_sticky
    balance leastconn
    cookie sb_node insert indirect nocache httponly
    stick-table type string len 64 size 200k expire 2m
    http-request set-var(txn.opens) bool(true) if !{ urlp(sid) -m found }
    http-response wait-for-body time 1s if { var(txn.opens) -m bool } { status 200 }
    stick match urlp(sid)
    stick store-response "res.body,word(4,'\\"')" if { var(txn.opens) -m bool } { status 200 }
    force-persist if { urlp(sid) -m found }
${cookies}
`;
}
