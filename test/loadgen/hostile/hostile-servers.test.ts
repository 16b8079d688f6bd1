import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { startProgram, withFolder } from '../../integration/lab-process.ts';
import { loopbackSource } from '../held-load.ts';
import { hostileServers } from './hostile-servers.ts';
import { hostileTlsServers } from './hostile-tls-servers.ts';

const loadGenerator = join(import.meta.dirname, '../../../assets/loadgen/main.ts');
const c1m = join(import.meta.dirname, '../../../bin/c1m.ts');
const connections = 5;
/** More than this beside twice what a run against a server without malice takes is what the server made us keep. */
const spareBytes = 64 * 2 ** 20;
/** How many times longer than a run against a server without malice it may take, beside the load generator's own deadlines. */
const slowness = 8;
const lookMillis = 100;

/** A run of a program against a server, as seen from outside. */
interface Run {
  readonly code: number | null;
  readonly stderr: string;
  readonly seconds: number;
  /** The most memory that the process and its children had at once: what each had at most, added. */
  readonly peakBytes: number;
}

/** Runs a program (which gets the server's address and port) against a hostile server of that name. */
async function runAgainst(name: string, words: (server: string) => readonly string[]): Promise<Run> {
  const server = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const beganMillis = performance.now();
    const program = startProgram(process.execPath, ...words(`127.0.0.1:${port.toString().trim()}`));
    const peaks = new Map<number, number>();
    const watch = setInterval(() => notePeaks(program.child.pid!, peaks), lookMillis);
    const { code } = await program.ended;
    clearInterval(watch);
    return {
      code,
      stderr: program.stderr(),
      seconds: (performance.now() - beganMillis) / 1000,
      peakBytes: [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0),
    };
  } finally {
    server.kill('SIGKILL');
  }
}

function notePeaks(pid: number, peaks: Map<number, number>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    if (peak !== undefined) peaks.set(pid, Number(peak) * 1024);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    for (const child of children) notePeaks(Number(child), peaks);
  } catch {
    // It has ended meanwhile.
  }
}

function assertBounded(run: Run, harmless: Run, waitsSeconds: number): void {
  const mostBytes = 2 * harmless.peakBytes + spareBytes;
  assert.ok(run.peakBytes <= mostBytes, `${run.peakBytes} bytes of memory, more than ${mostBytes}`);
  const mostSeconds = waitsSeconds + slowness * harmless.seconds;
  assert.ok(run.seconds <= mostSeconds, `${run.seconds} s until it ended, more than ${mostSeconds}`);
}

// Most of them wait: side by side they take as long as the longest.
describe('hostile servers', { concurrency: 2, timeout: 600_000 }, () => {
  describe('the load generator, against a server that', { concurrency: 12 }, () => {
    const words = (scheme: string, asked: string) => (server: string) => [
      loadGenerator,
      ...`--url ${scheme}://${server}/ --connections ${connections} --sources ${loopbackSource()} --json ${asked}`.split(
        ' ',
      ),
    ];
    let harmless: Run;
    before(async () => {
      harmless = await runAgainst('harmless', words('ws', '--hold 0 --broadcasts 0'));
      assert.equal(harmless.code, 0, harmless.stderr);
    });
    for (const [scheme, servers] of [
      ['ws', hostileServers],
      ['wss', hostileTlsServers],
    ] as const) {
      for (const { name, asked, exitCode, says, waitsSeconds } of servers) {
        test(`${name} ends in time, in little memory, with the right exit code`, async () => {
          const run = await runAgainst(name, words(scheme, scheme === 'wss' ? `--insecure ${asked}` : asked));
          assert.equal(run.code, exitCode, run.stderr);
          if (says !== undefined) assert.match(run.stderr, says);
          assertBounded(run, harmless, waitsSeconds);
        });
      }
    }
  });

  describe('c1m run --url, against a server that', { concurrency: 5 }, () => {
    const words = (folder: string) => (server: string) => [
      c1m,
      ...`run --url ws://${server}/ --connections ${connections} --connect-rate 50 --out ${folder}`.split(' '),
    ];
    /** An upgrade of 10 s, two answers of 3 s, and five seconds of holding. */
    const probeAndHold = 21;
    const probed = [
      'says nothing',
      'sends fragments for ever',
      'floods with pings and reads nothing',
      'keeps TCP open after its close frame',
      'reads nothing',
    ];
    let harmless: Run;
    before(async () => {
      harmless = await withFolder((folder) => runAgainst('harmless', words(folder)));
      // Whether the numbers can be trusted (exit code 6) depends on what else the machine does.
      assert.ok(harmless.code === 0 || harmless.code === 6, harmless.stderr);
    });
    for (const name of probed) {
      test(`${name} ends in time, in little memory`, async () => {
        await withFolder(async (folder) => {
          const run = await runAgainst(name, words(folder));
          assertBounded(run, harmless, probeAndHold);
          assert.notEqual(run.code, 1, run.stderr);
          // Whatever a run leaves can be read: none is left where the server was not even worth a run.
          for (const kept of readdirSync(folder)) assert.ok(existsSync(join(folder, kept, 'result.json')), run.stderr);
        });
      });
    }
  });
});
