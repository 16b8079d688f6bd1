import { STATUS_CODES, createServer } from 'node:http';
import { createRequire } from 'node:module';
import { WebSocket, WebSocketServer } from 'ws';
import { broadcast, socketOf } from './broadcast.js';
import { readEnvironment } from './environment.js';

/** Longest message in bytes: the least that the lab asks for. */
const messageLimit = 1024 * 1024;
/** How long clients get to answer the close when the server stops, in milliseconds. */
const closeTimeout = 5000;

const require = createRequire(import.meta.url);
const { name } = require('./server.json');
const { version } = require('ws/package.json');
/** ws would agree to the first subprotocol that is offered; this server speaks none. */
const handleProtocols = () => false;
const options = { noServer: true, maxPayload: messageLimit, perMessageDeflate: false, handleProtocols };
const members = new WebSocketServer(options);
const publishers = new WebSocketServer(options);
const paths = new Map([
  ['/', members],
  ['/publish', publishers],
]);

// Listeners are shared by all connections: a closure for each would be paid for a million times.
members.on('connection', (member, request) => {
  member[socketOf] = request.socket;
  member.on('error', ignore);
  member.on('message', echo);
});

publishers.on('connection', (publisher) => {
  let answered = Promise.resolve();
  publisher.on('error', ignore);
  publisher.on('message', (data, binary) => {
    const outcome = broadcast(members.clients, data, binary);
    // One message need not wait for the one before, but its answer does.
    answered = answered.then(async () => publisher.send(await outcome, ignore));
  });
});

/** Sends a message back, and reads nothing more from a client that does not read what it gets. */
function echo(data, binary) {
  if (this.bufferedAmount < messageLimit) {
    this.send(data, { binary }, ignore);
  } else {
    this.pause();
    this.send(data, { binary }, () => this.resume());
  }
}

/** ws closes the connection after a protocol error, with the right code; without a listener the process would end. */
function ignore() {}

function pathOf(request) {
  return request.url.split('?', 1)[0];
}

const server = createServer((request, response) => {
  const status = paths.has(pathOf(request)) ? 426 : 404;
  response.writeHead(status, { connection: 'close', ...(status === 426 && { upgrade: 'websocket' }) });
  response.end(`${STATUS_CODES[status]}\n`);
});

server.on('upgrade', (request, socket, head) => {
  const endpoint = paths.get(pathOf(request));
  if (endpoint) {
    endpoint.handleUpgrade(request, socket, head, (client) => endpoint.emit('connection', client, request));
  } else {
    socket.on('error', ignore);
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }
});

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
    process.once('SIGTERM', () => stop(port));
    report({ event: 'listening', port, server: name, version: `ws ${version}, node ${process.version}` });
  });
}

function stop(port) {
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
