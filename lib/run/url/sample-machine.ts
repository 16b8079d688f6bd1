import { appendFileSync } from 'node:fs';
import { takeSample } from '../../../assets/host/programs/sample.ts';
import { UnitSampler } from '../../../assets/host/programs/sampling/sample-units.ts';

const periodMillis = 1000;

/** Samples of this machine, as a host of the lab takes them, while something loads it. */
export interface MachineSampling {
  /** From now on samples hold this process, with all that it starts, as the unit of that name. */
  readonly watch: (unit: string, pid: number) => void;
  readonly stop: () => void;
}

/** Appends a sample to a file now and once a second, until it is stopped. A disk that is full ends the samples, and nothing else. */
export function sampleMachine(file: string): MachineSampling {
  const units = new Map<string, number>();
  const sampler = new UnitSampler();
  const stop = (): void => clearInterval(timer);
  const tick = (): void => {
    try {
      appendFileSync(file, `${JSON.stringify(takeSample(units, sampler))}\n`);
    } catch {
      stop();
    }
  };
  const timer = setInterval(tick, periodMillis);
  tick();
  return { watch: (unit, pid) => void units.set(unit, pid), stop };
}
