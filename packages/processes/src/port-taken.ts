/** Whether a server's words say that its port is another's: Node, nats-server, redis-server and haproxy all quote the system's. */
export function isPortTaken(words: string): boolean {
  return /EADDRINUSE|address already in use/i.test(words);
}
