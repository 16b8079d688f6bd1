import assert from 'node:assert/strict';
import type { ContractCase } from '../contract-case.ts';
import { closePayload, encodeFrame, opcodes } from '../frame.ts';

export const closingCases: readonly ContractCase[] = [
  {
    name: 'close-codes',
    promise: 'a close is answered with the same code, and the server ends the connection',
    run: async ({ open }) => {
      for (const code of [1000, 1001, 1003, 1007, 1011, 3000, 3999, 4000, 4999]) {
        const client = await open();
        client.send({ opcode: opcodes.close, payload: closePayload(code, 'enough') });
        assert.equal(await client.closeCode(), code);
        await client.ended();
      }
    },
  },
  {
    name: 'long-close-reason',
    promise: 'a close with the longest reason, 123 B, is answered with its code',
    run: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.close, payload: closePayload(1000, 'r'.repeat(123)) });
      assert.equal(await client.closeCode(), 1000);
      await client.ended();
    },
  },
  {
    name: 'close-without-code',
    promise: 'a close without a code is answered with none, or with 1000',
    run: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.close });
      const code = await client.closeCode();
      assert.ok(code === 1005 || code === 1000, `expected an empty close or 1000, got ${code ?? 'none'}`);
      await client.ended();
    },
  },
  {
    name: 'bad-close-refused',
    promise: 'a close with a code that nobody may send is refused with 1002',
    run: async ({ open }) => {
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535]) {
        const client = await open();
        client.send({ opcode: opcodes.close, payload: closePayload(code) });
        assert.equal(await client.closeCode(), 1002, `a close with code ${code} must be refused with 1002`);
        client.half();
        await client.ended();
      }
    },
  },
  {
    name: 'one-byte-close-refused',
    promise: 'a close whose body is one byte is refused with 1002',
    run: async ({ open }) => {
      const client = await open();
      client.send({ opcode: opcodes.close, payload: Buffer.from([3]) });
      assert.equal(await client.closeCode(), 1002);
      client.half();
      await client.ended();
    },
  },
  {
    name: 'bad-close-reason-refused',
    promise: 'a close whose reason is not UTF-8 is refused with 1007 or 1002',
    run: async ({ open }) => {
      for (const reason of ['ceff', '6162e282', 'eda080']) {
        const client = await open();
        client.send({ opcode: opcodes.close, payload: closePayload(1000, Buffer.from(reason, 'hex')) });
        const code = await client.closeCode();
        assert.ok(code === 1007 || code === 1002, `for the reason ${reason} 1007 is expected, got ${code ?? 'none'}`);
        client.half();
        await client.ended();
      }
    },
  },
  {
    name: 'nothing-after-close',
    promise: 'what comes after a close frame is not answered',
    run: async ({ open }) => {
      const client = await open();
      const frames = [
        { opcode: opcodes.text, payload: 'before' },
        { opcode: opcodes.close, payload: closePayload(1000) },
        { opcode: opcodes.text, payload: 'after' },
        { opcode: opcodes.ping, payload: 'after' },
        { opcode: opcodes.close, payload: closePayload(1001) },
      ];
      client.write(Buffer.concat(frames.map(encodeFrame)));
      assert.equal(await client.text(), 'before');
      assert.equal(await client.closeCode(), 1000);
      assert.equal(await client.frame(), null);
    },
  },
  {
    name: 'said-before-close-arrives',
    promise: 'a client that reads slowly gets what it is owed, and the close, whatever it sends after its own close',
    run: async ({ open }) => {
      const [client, other] = [await open(), await open()];
      client.pause();
      const whole = Buffer.alloc(1024 * 1024, 'x');
      client.send({ opcode: opcodes.binary, payload: whole });
      client.send({ opcode: opcodes.close, payload: closePayload(1000) });
      for (let late = 0; late < 3; late += 1) {
        // The server has had the time to answer the close before more comes.
        for (let answered = 0; answered < 100; answered += 1) {
          other.sendText('others go on');
          assert.equal(await other.text(), 'others go on');
        }
        client.send({ opcode: opcodes.ping, payload: 'late' });
      }
      client.resume();
      assert.ok((await client.message()).payload.equals(whole));
      assert.equal(await client.closeCode(), 1000);
    },
  },
];
