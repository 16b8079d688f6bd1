import { STATUS_CODES, createServer } from 'node:http';
import { createRequire } from 'node:module';
import { WebSocket, WebSocketServer } from 'ws';
import { broadcast } from './broadcast.js';
import { readEnvironment } from './environment.js';

/** Longest message in bytes: the least that the lab asks for. */
const messageLimit = 1024 * 1024;
/** Bytes that may wait for a client that pings before it is no longer read from: few, as pongs take more in memory. */
const pongLimit = 64 * 1024;
/** How long clients get to answer the close when the server stops, in milliseconds. */
const closeTimeout = 5000;

const require = createRequire(import.meta.url);
const { name } = require('./server.json');
const { version } = require('ws/package.json');
/** ws would agree to the first subprotocol that is offered; this server speaks none. */
const handleProtocols = () => false;
const options = {
  noServer: true,
  maxPayload: messageLimit,
  // ws keeps some 250 B of each until they are a message.
  maxFragments: 128 * 1024,
  // ws's own pongs end a connection that has sent 61 pings at once.
  autoPong: false,
  perMessageDeflate: false,
  handleProtocols,
};
const members = new WebSocketServer(options);
const publishers = new WebSocketServer(options);
const paths = new Map([
  ['/', members],
  ['/publish', publishers],
]);

// Listeners are shared by all connections: a closure for each would be paid for a million times.
members.on('connection', (member) => {
  member.on('error', ignore);
  member.on('message', echo);
  member.on('ping', answerPing);
});

publishers.on('connection', (publisher) => {
  let answered = Promise.resolve();
  publisher.on('error', ignore);
  publisher.on('ping', answerPing);
  publisher.on('message', (data, binary) => {
    const outcome = broadcast(members.clients, data, binary);
    // One message need not wait for the one before, but its answer does.
    answered = answered.then(async () => publisher.send(await outcome, ignore));
  });
});

function echo(data, binary) {
  this.send(data, { binary }, whenSent(this, messageLimit));
}

function answerPing(data) {
  this.pong(data, false, whenSent(this, pongLimit));
}

/** The callback of what is sent next: nothing more is read from a client that does not read what it gets. */
function whenSent(client, limit) {
  if (client.bufferedAmount < limit) return ignore;
  client.pause();
  return () => client.resume();
}

/** ws closes the connection after a protocol error, with the right code; without a listener the process would end. */
function ignore() {}

/** The path of a request's target, which may be a whole URI. */
function pathOf(request) {
  return request.url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0];
}

const server = createServer((request, response) => {
  const status = paths.has(pathOf(request)) ? 426 : 404;
  response.writeHead(status, { connection: 'close', ...(status === 426 && { upgrade: 'websocket' }) });
  response.end(`${STATUS_CODES[status]}\n`);
});

server.on('upgrade', (request, socket, head) => {
  const endpoint = paths.get(pathOf(request));
  const status = endpoint ? refusalOf(request) : 404;
  if (status) refuse(socket, status);
  else endpoint.handleUpgrade(request, socket, head, (client) => endpoint.emit('connection', client));
});

/** The status with which to refuse a request that neither Node nor ws would, or undefined. */
function refusalOf({ httpVersion, rawHeaders, headers }) {
  const hosts = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host');
  if (httpVersion !== '1.1' || hosts.length !== 1) return 400;
  // ws also takes 8, and what JavaScript reads as 13.
  return headers['sec-websocket-version'] === '13' ? undefined : 426;
}

function refuse(socket, status) {
  const wanted = status === 426 ? 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' : '';
  const connection = status === 426 ? 'Upgrade, close' : 'close';
  socket.on('error', ignore);
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: ${connection}\r\n${wanted}Content-Length: 0\r\n\r\n`,
  );
  socket.destroySoon();
}

function start() {
  let environment;
  try {
    environment = readEnvironment(process.env);
  } catch (error) {
    fail(2, error.message);
  }
  const { host, port, backlog } = environment;
  server.on('error', (error) => fail(1, `cannot listen on ${host} port ${port}: ${error.message}`));
  server.listen({ host, port, backlog }, () => {
    // Not once: without a listener, a second signal would end the process before it has closed its connections.
    process.on('SIGTERM', () => stop(port));
    report({ event: 'listening', port, server: name, version: `ws ${version}, node ${process.version}` });
  });
}

let stopping = false;

function stop(port) {
  if (stopping) return;
  stopping = true;
  const clients = () => [...members.clients, ...publishers.clients];
  const deadline = setTimeout(() => {
    for (const client of clients()) client.terminate();
    server.closeAllConnections();
  }, closeTimeout);
  server.close(() => {
    clearTimeout(deadline);
    report({ event: 'stopped', port });
  });
  for (const endpoint of paths.values()) endpoint.close();
  for (const client of clients()) {
    if (client.readyState === WebSocket.OPEN) client.close(1001);
  }
}

function report(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function fail(code, message) {
  process.stderr.write(`${name}: ${message}\n`);
  process.exit(code);
}

start();
