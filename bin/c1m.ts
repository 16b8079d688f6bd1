#!/usr/bin/env node
import { describeError, exitCodeOfError, runCommandLine } from '../lib/cli/app.ts';
import { listenForInterruption } from '../lib/cli/interruption.ts';

const interruption = listenForInterruption(process);

/** Says what went wrong where no command can catch it any more. */
function fail(error: unknown): void {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOfError(error);
}
process.on('uncaughtException', (error) => {
  fail(error);
  process.exit();
});

const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
// The aws and cdk commands take the second one too, the SDK does not.
const region = AWS_REGION ?? AWS_DEFAULT_REGION;
const endpointUrl = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;

await runCommandLine(process.argv.slice(2), {
  process,
  workingFolder: process.cwd(),
  interactive: process.stderr.isTTY,
  // A terminal that does not know its width says 0.
  columns: process.stderr.columns || 120,
  get interrupted() {
    return interruption.signal;
  },
  now: () => new Date(),
  random: Math.random,
  aws: { ...(region === undefined ? {} : { region }), ...(endpointUrl === undefined ? {} : { endpointUrl }) },
});

const failure = interruption.outputFailure();
if (failure !== null) fail(failure);
interruption.done();
