import type { ApplicationContext, CommandContext } from '@stricli/core';
import type { AwsAccess } from '../aws/account/aws-access.ts';

/** What a command may touch of the world around it; nothing else prints, reads the clock or hears signals. */
export interface LabContext extends CommandContext, ApplicationContext {
  readonly process: ApplicationContext['process'] & {
    readonly stdout: { write(text: string): void };
    readonly stderr: { write(text: string): void };
  };
  /** Relative folders of the command line start here. */
  readonly workingFolder: string;
  /** Progress may be redrawn in place: standard error is a terminal. */
  readonly interactive: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Aborted when the user interrupts (SIGINT, SIGTERM, SIGHUP); a command that never asks for it is ended then. */
  readonly interrupted: AbortSignal;
  readonly now: () => Date;
  readonly random: () => number;
  /** How AWS is reached, where a command asks it. */
  readonly aws: AwsAccess;
  /** The CDK command line, a program of Node. @default - the one of the package aws-cdk */
  readonly cdkProgram?: string;
}
