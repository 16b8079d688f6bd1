import { framework, name } from './server.json';

/** Bytes that may wait for one client. */
const waitingLimit = 4 * 1024 * 1024;
/** What all members subscribe to: Bun frames a message once for all of them. */
const topic = 'members';
const { C1M_ADDRESS: hostname, C1M_PORT, C1M_TLS_CERT, C1M_TLS_KEY } = process.env;
const port = Number(C1M_PORT);

const members = { clients: new Set(), receive: (member, message) => member.send(message) };
const publishers = { clients: new Set(), receive: (publisher, message) => publisher.send(broadcast(message)) };

/** Publishes to every member, and returns the publisher's answer. A member for which too much waits is cut off. */
function broadcast(message) {
  const began = Bun.nanoseconds();
  const addressed = members.clients.size;
  for (const member of members.clients) {
    if (member.getBufferedAmount() + message.length > waitingLimit) member.terminate();
  }
  const failed = addressed - members.clients.size;
  server.publish(topic, message);
  return `sent ${addressed} ${failed} ${Math.round((Bun.nanoseconds() - began) / 1000)}`;
}

/** A client that does not read its answers is cut off. */
function cutOffUnread(client) {
  if (client.getBufferedAmount() > waitingLimit) client.terminate();
}

const upgradeTo = (endpoint) => (request, server) =>
  server.upgrade(request, { data: endpoint }) ? undefined : new Response(null, { status: 426 });

const server = Bun.serve({
  hostname,
  port,
  tls: C1M_TLS_CERT && { cert: Bun.file(C1M_TLS_CERT), key: Bun.file(C1M_TLS_KEY) },
  routes: { '/': upgradeTo(members), '/publish': upgradeTo(publishers) },
  fetch: () => new Response(null, { status: 404 }),
  websocket: {
    idleTimeout: 0,
    maxPayloadLength: 1024 * 1024,
    closeOnBackpressureLimit: true,
    open(client) {
      client.data.clients.add(client);
      if (client.data === members) client.subscribe(topic);
    },
    message(client, message) {
      client.data.receive(client, message);
      cutOffUnread(client);
    },
    ping: cutOffUnread,
    close: (client) => client.data.clients.delete(client),
  },
});
console.log(JSON.stringify({ event: 'listening', port, server: name, version: framework.version }));

process.on('SIGTERM', () => {
  server.stop();
  for (const client of [...members.clients, ...publishers.clients]) client.close(1001);
  // Ends what has not ended by itself: clients that do not answer, and requests that are not complete.
  setTimeout(() => process.exit(), 5000).unref();
});
process.on('exit', () => console.log(JSON.stringify({ event: 'stopped', port })));
