import type { Clock } from '../clock.ts';
import { StepFailure, type StepResult } from './execution.ts';

/** `aws:sleep`: waits for an ISO 8601 duration, or until the signal is aborted. */
export async function sleep(duration: string, clock: Clock, signal: AbortSignal): Promise<StepResult> {
  const parts = /^PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration);
  if (parts === null) throw new StepFailure(`Step fails when it is sleeping: "${duration}" is no ISO 8601 duration`);
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  await new Promise<void>((resolve) => {
    const stopTimer = clock.after(((hours * 60 + minutes) * 60 + seconds) * 1000, resolve);
    signal.addEventListener(
      'abort',
      () => {
        stopTimer();
        resolve();
      },
      { once: true },
    );
  });
  return { outputs: {} };
}
