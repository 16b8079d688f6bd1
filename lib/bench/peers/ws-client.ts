/**
 * A WebSocket client as one writes it with the `ws` package, with the arguments and lines of reference-client.c:
 *
 *   node ws-client.ts ADDRESS PORT CONNECTIONS SOURCE FIRST_LOCAL_PORT IN_FLIGHT
 */
import { WebSocket } from 'ws';

const [address, port, connections, localAddress, firstPort, inFlight] = process.argv.slice(2);
const wanted = Number(connections);
const began = performance.now();
let begun = 0;
let opened = 0;
let failed = 0;
let received = 0;
let firstAt = 0;

function connect(): void {
  // `localPort` is an option of http.request, to which ws hands its own on.
  const options = { perMessageDeflate: false, localAddress, localPort: Number(firstPort) + begun };
  begun += 1;
  const socket = new WebSocket(`ws://${address}:${port}/`, options);
  socket.once('open', () => {
    opened += 1;
    next();
  });
  socket.once('error', () => {
    failed += 1;
    next();
  });
  socket.on('message', noteBroadcast);
}

function next(): void {
  if (begun < wanted) connect();
  else if (opened + failed === wanted) print(`open ${opened} ${micros(performance.now() - began)}`);
}

function noteBroadcast(): void {
  received += 1;
  if (received === 1) firstAt = performance.now();
  if (received < wanted) return;
  print(`broadcast ${received} ${micros(performance.now() - firstAt)}`);
  received = 0;
}

function micros(milliseconds: number): number {
  return Math.round(milliseconds * 1000);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.stdin.resume().once('end', () => process.exit());
while (begun < Math.min(wanted, Number(inFlight))) connect();
