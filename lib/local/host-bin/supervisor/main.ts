import { constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { CommandError, type Answer } from './answer.ts';
import { systemctl } from './systemctl.ts';
import { systemdRun } from './systemd-run.ts';
import { Units } from './units.ts';

// The supervisor of a local host, which has no systemd: it starts, watches and ends the host's units, and answers the commands
// `systemd-run` and `systemctl` (see ask-supervisor). It is one process a host and ends with it.

const folder = '/opt/c1mlab/run/units';
/** A client takes the supervisor to be gone when it has heard nothing for 10 s. */
const waitsMillis = 3000;

const units = new Units(folder);

async function answer(file: string): Promise<Answer> {
  try {
    const [program = '', ...words] = readFileSync(`${file}.request`, 'utf8').split('\0').slice(0, -1);
    return program === 'systemd-run' ? await systemdRun(units, words) : await systemctl(units, words);
  } catch (error) {
    if (error instanceof CommandError) return { code: 1, errors: [error.message] };
    throw error;
  }
}

async function handle(client: string): Promise<void> {
  const file = `${folder}/.answer-${client}`;
  const waits = setInterval(() => tell(file, 'waits'), waitsMillis);
  const { code, out = [], errors = [] } = await answer(file).finally(() => clearInterval(waits));
  tell(file, code, ...out.map((line) => `1${line}`), ...errors.map((line) => `2${line}`), '.');
}

function tell(file: string, ...lines: readonly (string | number)[]): void {
  const flag = constants.O_WRONLY | constants.O_NONBLOCK;
  try {
    writeFileSync(file, `${lines.join('\n')}\n`, { flag: flag as unknown as string });
  } catch (error) {
    // A client that has gone (nobody who reads) has no answer to get.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENXIO') throw error;
  }
}

// Opened for both directions, it never ends while no client has it open.
const requests = openSync(`${folder}/.requests`, constants.O_RDWR | constants.O_NONBLOCK);
createInterface({ input: new Socket({ fd: requests, readable: true, writable: false }) }).on('line', (client) => {
  void handle(client);
});

// The kernel ends this process, before it could keep its program without types; to strip them takes 100 ms and 20 MB each time.
flushCompileCache();
