import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningContender, Task } from '../contenders/contender.ts';
import { until } from '../until.ts';
import { startSession } from './session.ts';

// More than it can open: what it opens in a second is its own doing.
const arrivalsPerSecond = 20_000;

/** Starts tsung in one Erlang machine, whose own ports are on loopback. It counts the bytes that come, and does not time them. */
export function startTsung(program: string, task: Task): RunningContender {
  const script = join(task.folder, 'tsung.xml');
  writeFileSync(script, scriptOf(task));
  const nameServicePort = String(task.port + 10_000);
  // Its name service is looked for at a port of this round only. Erlang would start it, and then not wait until it listens.
  const nameService = { ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: nameServicePort };
  spawnSync('epmd', ['-daemon'], { env: { ...process.env, ...nameService }, stdio: 'ignore' });
  const running = startSession({
    name: 'tsung',
    program,
    // No dashboard; its own log folder.
    programArguments: ['-n', '-f', script, '-l', join(task.folder, 'log'), 'start'],
    folder: task.folder,
    environment: {
      HOME: task.folder,
      ...nameService,
      ERL_AFLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    },
    endSignal: 'SIGKILL',
    report: () => ({ spreadsMicros: null, messages: null }),
  });
  return {
    ...running,
    kill: async () => {
      await running.kill();
      // It is outside of the session.
      const ended = (): boolean => {
        // Refused as long as it has not noticed that tsung is gone.
        spawnSync('epmd', ['-port', nameServicePort, '-kill']);
        return spawnSync('epmd', ['-port', nameServicePort, '-names']).status !== 0;
      };
      await until('the name service of Erlang has ended', ended, () => {}, 10);
    },
  };
}

function scriptOf({ port, connections, source }: Task): string {
  return `<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd" []>
<tsung loglevel="warning" version="1.0">
  <clients>
    <client host="localhost" use_controller_vm="true" maxusers="100000"><ip value="${source}"/></client>
  </clients>
  <servers><server host="127.0.0.1" port="${port}" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="60" unit="minute">
      <users maxnumber="${connections}" arrivalrate="${arrivalsPerSecond}" unit="second"/>
    </arrivalphase>
  </load>
  <options><option name="ports_range" min="20000" max="60000"/></options>
  <sessions>
    <session name="hold" probability="100" type="ts_websocket">
      <request><websocket type="connect" path="/"/></request>
      <thinktime value="3600"/>
    </session>
  </sessions>
</tsung>
`;
}
