import { WebSocket } from 'ws';

/** Most bytes that may wait for one member. */
const waitingLimit = 4 * 1024 * 1024;
/** How long a broadcast waits for members that take nothing, in milliseconds. */
const sendTimeout = 10_000;

/**
 * Sends a message to all members, and resolves to the publisher's answer when the last send is done. A member that
 * cannot keep up is cut off and counted as failed.
 */
export function broadcast(members, data, binary) {
  return new Promise((resolve) => {
    const began = performance.now();
    const slow = [];
    let addressed = 0;
    let failed = 0;
    let pending = 1;
    let timer;

    const done = (error) => {
      if (error) failed += 1;
      pending -= 1;
      if (pending > 0) return;
      clearTimeout(timer);
      resolve(`sent ${addressed} ${failed} ${Math.round((performance.now() - began) * 1000)}`);
    };

    for (const member of members) {
      if (member.readyState !== WebSocket.OPEN) continue;
      addressed += 1;
      pending += 1;
      if (member.bufferedAmount + data.length > waitingLimit) {
        member.terminate();
        done(new Error('too slow'));
      } else {
        member.send(data, { binary }, done);
        if (member.bufferedAmount > 0) slow.push(member);
      }
    }

    if (slow.length > 0) {
      timer = setTimeout(() => {
        for (const member of slow) if (member.bufferedAmount > 0) member.terminate();
      }, sendTimeout);
    }
    done();
  });
}
