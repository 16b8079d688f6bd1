import type { HostSample } from '../../../assets/host/raw.ts';
import type { MeasurementRecordInput } from '../../../lib/results/schema/measurement-record.ts';
import { facts, hostSamples, serverStart } from './host-files.ts';
import { loadProcess, loadStatus, publisher } from './load-files.ts';
import { phases, serverUnitNames, type SyntheticMeasurement } from './timetable.ts';

/** The raw files of one measurement by path below `raw/<measurement>/`. */
export function measurementFiles(input: SyntheticMeasurement): Record<string, string> {
  const { ends } = phases(input);
  const steps = ['buildServer', 'buildLoad', 'prepare', 'start', 'ramp', 'drive', 'collect', 'stop'];
  const record: MeasurementRecordInput = {
    schema: 1,
    measurement: input.measurement,
    server: input.server,
    repeat: input.repeat,
    status: 'succeeded',
    executionId: `00000000-0000-4000-8000-${String(input.seed).padStart(12, '0')}`,
    beganUnixMillis: input.beganUnixMillis,
    endedUnixMillis: Math.round(input.beganUnixMillis + ends * 1000 + 2000),
    steps: steps.map((name) => ({ name, status: 'Success' })),
  };
  const files: Record<string, string> = {
    'measurement.json': JSON.stringify(record),
    'server/facts.json': JSON.stringify(facts(input, 'server', 'server')),
    'server/samples.jsonl': lines(hostSamples(input, 'server', 0)),
    'server/server.json': JSON.stringify(serverStart(input)),
    'server/units.txt': ['c1m-sample', ...serverUnitNames(input)]
      .map((unit) => `${unit} ActiveState=active Result=success ExecMainStatus=0\n`)
      .join(''),
    'server/server-1.out': '{"event":"listening","port":8088,"server":"x","version":"1.0"}\n',
  };
  for (let host = 0; host < 2; host += 1) {
    const name = `load-${host + 1}`;
    files[`${name}/facts.json`] = JSON.stringify(facts(input, name, 'load'));
    files[`${name}/samples.jsonl`] = lines(hostSamples(input, name, host + 1));
    files[`${name}/units.txt`] = ['c1m-sample', 'c1m-loadgen']
      .map((unit) => `${unit} ActiveState=active Result=success ExecMainStatus=0\n`)
      .join('');
    const processes = Array.from({ length: input.parameters.loadProcesses }, (_, index) =>
      loadProcess(input, host, index),
    );
    processes.push(publisher(input, host));
    for (const process of processes) files[`${name}/loadgen-${process.process}.json`] = JSON.stringify(process);
    files[`${name}/loadgen-status.json`] = JSON.stringify(loadStatus(input, processes));
  }
  return files;
}

function lines(samples: readonly HostSample[]): string {
  return samples.map((sample) => `${JSON.stringify(sample)}\n`).join('');
}
