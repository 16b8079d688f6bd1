/** A parameter of a document; every one is a String. Without `default` it is required. */
export interface Parameter {
  readonly type: 'String';
  readonly description: string;
  readonly default?: string;
  /** A regular expression; the API matches it whole, the agent anywhere, so it must carry its own ^ and $. */
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly string[];
}

/** A parameter of a Command document. */
export interface CommandParameter extends Parameter {
  /** The agent (3.3.2746.0 or newer) hands the value over as the environment variable `SSM_<name>`, never as script text. */
  readonly interpolationType?: 'ENV_VAR';
}

/** The step of a Command document. */
export interface ShellStep {
  readonly name: string;
  readonly action: 'aws:runShellScript';
  /** `platformType` and the name of a platform: the step is skipped on any other. */
  readonly precondition?: { readonly StringEquals: readonly [string, string] };
  readonly inputs: {
    /** The lines of one `sh` script. */
    readonly runCommand: readonly string[];
    /** Seconds the script may take, 5 to 172 800; SSM takes anything else to mean 3 600. */
    readonly timeoutSeconds?: string;
    readonly workingDirectory?: string;
  };
}

/** A Command document, schema 2.2, as far as the lab needs it: one shell script. */
export interface CommandDocument {
  readonly schemaVersion: '2.2';
  readonly description: string;
  readonly parameters?: Readonly<Record<string, CommandParameter>>;
  readonly mainSteps: readonly [ShellStep];
}

interface StepFields {
  readonly name: string;
  readonly description?: string;
  /** Seconds the step may take. */
  readonly timeoutSeconds: number;
  /** `Abort` ends the execution, `step:<name>` jumps; the execution has failed either way. */
  readonly onFailure: 'Abort' | `step:${string}`;
  /** Where a cancelled execution goes: nowhere without it, or to a clean-up step. */
  readonly onCancel?: `step:${string}`;
  /** The execution ends after this step, however the step went. */
  readonly isEnd?: boolean;
}

/** Hosts, or what is asked about them, by `tag:<key>` and the like: any of the values will do. */
export interface Filter {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** A step that sends a command to the hosts of a tag and waits for all of them. */
export interface RunCommandStep extends StepFields {
  readonly action: 'aws:runCommand';
  readonly inputs: {
    readonly DocumentName: string;
    readonly Targets: readonly [Filter];
    readonly Parameters: Readonly<Record<string, string>>;
    /** Seconds within which the hosts must take the command up, 30 to 2 592 000. Not how long it may run. */
    readonly TimeoutSeconds: number;
    readonly MaxConcurrency: '100%';
    readonly MaxErrors: '0' | '100%';
  };
}

/** A step that fails unless what the API answers has one of the desired values at a place. */
export interface AssertStep extends StepFields {
  readonly action: 'aws:assertAwsResourceProperty';
  readonly inputs: {
    readonly Service: 'ssm';
    readonly Api: 'DescribeInstanceInformation';
    readonly Filters: readonly Filter[];
    /** 5 to 50. */
    readonly MaxResults: number;
    /** A JSONPath into the answer. */
    readonly PropertySelector: string;
    readonly DesiredValues: readonly string[];
  };
}

/** A step of an Automation document. */
export type AutomationStep = RunCommandStep | AssertStep;

/** An Automation document, schema 0.3, as far as the lab needs it. */
export interface AutomationDocument {
  readonly schemaVersion: '0.3';
  readonly description: string;
  /** The role that Automation acts as: an ARN or `{{ parameter }}`; without it, the caller's own rights. */
  readonly assumeRole?: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  /** `step.Output` names whose values the finished execution shows. */
  readonly outputs?: readonly string[];
  readonly mainSteps: readonly AutomationStep[];
}

/** A document of the lab; `schemaVersion` tells the kinds apart. */
export type Document = CommandDocument | AutomationDocument;

/** A document with the name it is installed under. */
export interface NamedDocument {
  readonly name: string;
  readonly content: Document;
}

/** Whether a document is of type Command (else it is of type Automation). */
export function isCommandDocument(document: Document): document is CommandDocument {
  return document.schemaVersion === '2.2';
}
