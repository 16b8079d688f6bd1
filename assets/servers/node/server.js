import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';

/** Bytes that may wait for one member, and from which on a client is not read from: small messages take much more memory. */
const waitingLimit = 4 * 1024 * 1024;
const pauseLimit = 64 * 1024;
const { C1M_ADDRESS: host, C1M_PORT, C1M_BACKLOG, C1M_DEFLATE, C1M_TLS_CERT, C1M_TLS_KEY } = process.env;
const port = Number(C1M_PORT);
const { name, framework } = JSON.parse(readFileSync(new URL('server.json', import.meta.url)));

const perMessageDeflate = C1M_DEFLATE === '1' && { serverNoContextTakeover: true, clientNoContextTakeover: true };
const options = { noServer: true, maxPayload: 1024 * 1024, perMessageDeflate };
const members = new WebSocketServer(options);
const publishers = new WebSocketServer(options);
const endpoints = new Map(Object.entries({ '/': members, '/publish': publishers }));

members.on('connection', (member) => {
  member.on('error', ignore);
  member.on('message', echo);
});

publishers.on('connection', (publisher) => {
  publisher.on('error', ignore);
  publisher.on('message', publish);
});

function echo(data, binary) {
  answer(this, data, { binary });
}

function publish(data, binary) {
  answer(this, broadcast(data, binary));
}

/** A client that does not read its answers is not read from. */
function answer(client, data, sendOptions) {
  if (client.bufferedAmount > pauseLimit) client.pause();
  client.send(data, sendOptions, client.isPaused ? () => client.resume() : undefined);
}

/** Sends to every member, and returns the publisher's answer. A member for which too much waits is cut off. */
function broadcast(data, binary) {
  const began = performance.now();
  let addressed = 0;
  let failed = 0;
  for (const member of members.clients) {
    if (member.readyState !== member.OPEN) continue;
    addressed += 1;
    if (member.bufferedAmount + data.length <= waitingLimit) {
      member.send(data, { binary });
    } else {
      failed += 1;
      member.terminate();
    }
  }
  return `sent ${addressed} ${failed} ${Math.round((performance.now() - began) * 1000)}`;
}

/** A connection ends after an error by itself; without a listener the process would end, too. */
function ignore() {}

const server = C1M_TLS_CERT
  ? createSecureServer({ cert: readFileSync(C1M_TLS_CERT), key: readFileSync(C1M_TLS_KEY) })
  : createServer();

server.on('request', (request, response) => response.writeHead(426).end());

server.on('upgrade', (request, socket, head) => {
  const [path] = request.url.split('?', 1);
  const endpoint = endpoints.get(path);
  if (endpoint === undefined) {
    socket.on('error', ignore);
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  } else {
    endpoint.handleUpgrade(request, socket, head, (client) => endpoint.emit('connection', client, request));
  }
});

server.listen({ host, port, backlog: Number(C1M_BACKLOG) }, () => {
  console.log(JSON.stringify({ event: 'listening', port, server: name, version: framework.version }));
});

let stopping = false;
process.on('SIGTERM', () => {
  if (stopping) return;
  stopping = true;
  process.on('exit', () => console.log(JSON.stringify({ event: 'stopped', port })));
  server.close();
  for (const client of [...members.clients, ...publishers.clients]) client.close(1001);
  // Ends what has not ended by itself: clients that do not answer, and requests that are not complete.
  setTimeout(() => process.exit(), 5000).unref();
});
