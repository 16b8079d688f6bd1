import { buildCommand } from '@stricli/core';
import { join, resolve } from 'node:path';
import { calibrate } from '../../calibration/calibrate.ts';
import { calibrationCases, calibrationSizes, type CalibrationSize } from '../../calibration/cases.ts';
import { makeReferenceFolders } from '../../calibration/reference-folders.ts';
import { renderCalibration } from '../../calibration/render-calibration.ts';
import { articleLab } from '../../config/lab.ts';
import { exitCodes, LabError } from '../../config/lab-error.ts';
import { makeLocalBackend } from '../../local/local-backend.ts';
import { gitCommit } from '../../run/git-commit.ts';
import { newRunId, writingTo } from '../../run/run-folder.ts';
import type { LabContext } from '../context.ts';
import { progressPrinter } from '../run/progress-printer.ts';

/** Flags of `c1m calibrate`. */
export interface CalibrateFlags {
  readonly local?: boolean;
  readonly size: CalibrationSize;
  readonly out: string;
}

/** `c1m calibrate`: checks the lab against servers of known behaviour. */
export const calibrateCommand = buildCommand<CalibrateFlags, [], LabContext>({
  docs: {
    brief: 'Check measurements against servers of known behaviour',
    fullDescription:
      'Measures reference servers that delay, stall, drop, refuse, leak and come back late by a known amount in every kind of phase, by the same documents as every run, and compares what they did with what was measured. Writes DIR/calibration-<run-id>/; every later run names the last calibration. Exit codes: 0 all agree, 2 usage, 3 environment, 4 it did not finish, 6 a figure is wrong, or the machine was too busy to tell, 130 interrupted.',
  },
  parameters: {
    flags: {
      local: { kind: 'boolean', optional: true, withNegated: false, brief: 'Run on this machine, without AWS' },
      size: {
        kind: 'enum',
        values: calibrationSizes,
        default: 'small',
        brief: 'small: a minute and a half; full: more of everything, and a restart',
      },
      out: {
        kind: 'parsed',
        parse: String,
        default: 'results',
        placeholder: 'DIR',
        brief: 'Where DIR/calibration-<run-id>/ is written',
      },
    },
  },
  async func({ local, size, out }) {
    if (local !== true) {
      throw new LabError(
        'usage',
        'a calibration runs on this machine: server and clients must share a clock',
        'give --local',
      );
    }
    const servers = await makeReferenceFolders(calibrationCases(size));
    const backend = await makeLocalBackend(
      articleLab,
      servers.map(({ description: { name }, outsideFolder }) => ({ name, folder: outsideFolder ?? '' })),
    );
    const runId = newRunId(this.now(), this.random);
    const folder = join(resolve(this.workingFolder, out), `calibration-${runId}`);
    const printer = progressPrinter(this);
    try {
      const plan = { runId, folder, size, servers, beganUnixMillis: this.now().getTime(), gitCommit: gitCommit() };
      const watcher = { onProgress: printer.onProgress, signal: this.interrupted };
      const record = await writingTo(folder, () => calibrate(backend, plan, watcher));
      printer.end();
      this.process.stdout.write(`\n${renderCalibration(record)}\n${join(folder, 'calibration.json')}\n`);
      this.process.exitCode = record.passed ? exitCodes.ok : exitCodes.resultInvalid;
    } catch (error) {
      if (!this.interrupted.aborted) throw error;
      this.process.exitCode = exitCodes.interrupted;
    } finally {
      printer.end();
      await backend.close();
    }
  },
});
