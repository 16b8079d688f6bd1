// What k6 runs: each virtual user opens its share of the connections, and notes when each broadcast arrived on them.
/* global __ENV */
import { Counter, Trend } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';
import exec from 'k6/execution';

const connections = Number(__ENV.CONNECTIONS);
const users = Number(__ENV.USERS);
const messages = new Counter('broadcast_messages');
// Its largest value less its smallest is the time from the first arrival to the last.
const arrivals = Array.from({ length: Number(__ENV.BROADCASTS) }, (_, seq) => new Trend(`arrival_${seq}`));

export const options = {
  scenarios: {
    hold: { executor: 'per-vu-iterations', exec: 'hold', vus: users, iterations: 1, maxDuration: '10m' },
  },
  summaryTrendStats: ['min', 'max', 'count'],
};

export function hold() {
  const user = exec.vu.idInTest - 1;
  const share = Math.floor(connections / users) + (user < connections % users ? 1 : 0);
  for (let begun = 0; begun < share; begun += 1) {
    const socket = new WebSocket(__ENV.URL);
    socket.addEventListener('message', noteBroadcast);
  }
}

function noteBroadcast({ data }) {
  messages.add(1);
  arrivals[Number.parseInt(data, 10)].add(Date.now());
}
