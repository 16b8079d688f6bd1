import { Sender, WebSocket } from 'ws';

/** Most bytes that may wait for one member. */
const waitingLimit = 4 * 1024 * 1024;
/** How long a broadcast waits for members that take nothing, in milliseconds. */
const sendTimeout = 10_000;

/** Where a member keeps the socket that its upgrade came on. */
export const socketOf = Symbol('socket');

/**
 * Sends a message to all members, and resolves to the publisher's answer when the last send is done. A member that
 * cannot keep up is cut off and counted as failed.
 */
export function broadcast(members, data, binary) {
  return new Promise((resolve) => {
    const began = performance.now();
    const frame = Buffer.concat(Sender.frame(data, { fin: true, rsv1: false, opcode: binary ? 2 : 1, mask: false }));
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
      if (member.bufferedAmount + frame.length > waitingLimit) {
        member.terminate();
        done(new Error('too slow'));
      } else {
        // ws writes whole frames at once when compression is off, so this one cannot get into the middle of another.
        member[socketOf].write(frame, done);
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
