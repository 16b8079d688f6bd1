import type { AutomationDocument, AutomationStep } from '../../../lib/documents/schema/automation-document.ts';
import type { CommandDocument } from '../../../lib/documents/schema/command-document.ts';
import type { NamedDocument } from '../../../lib/documents/schema/document.ts';

/** A Command document without any problem; a test changes one thing in it. */
export const greeting: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Greets.',
  parameters: {
    Name: { type: 'String', description: 'Who', allowedPattern: '^[a-z]{1,9}$', interpolationType: 'ENV_VAR' },
    Tone: {
      type: 'String',
      description: 'How',
      default: 'warm',
      allowedValues: ['warm', 'cold'],
      interpolationType: 'ENV_VAR',
    },
  },
  mainSteps: [
    {
      name: 'greet',
      action: 'aws:runShellScript',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { timeoutSeconds: '60', runCommand: ['echo "$SSM_Name ${SSM_Tone} $SSM_COMMAND_ID"'] },
    },
  ],
};

/** A step that runs {@link greeting}. */
export const greetStep = {
  name: 'greet',
  action: 'aws:runCommand',
  inputs: {
    DocumentName: 'Lab-Greet',
    Targets: [{ Key: 'tag:lab', Values: ['Lab'] }],
    Parameters: { Name: '{{ Who }}' },
  },
} as const satisfies AutomationStep;

/** An Automation document without any problem that runs {@link greeting}. */
export const ceremony: AutomationDocument = {
  schemaVersion: '0.3',
  description: 'Greets, waits, and may say goodbye.',
  parameters: {
    Who: { type: 'String', description: 'Who', default: 'world', allowedPattern: '^[a-z]{1,9}$' },
  },
  outputs: ['greet.Status'],
  mainSteps: [
    { ...greetStep, onFailure: 'step:choose' },
    { name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT1M30S' } },
    {
      name: 'choose',
      action: 'aws:branch',
      inputs: {
        Choices: [{ NextStep: 'bye', Variable: '{{ greet.Status }}', StringEquals: 'Success' }],
        Default: 'bye',
      },
    },
    { ...greetStep, name: 'bye', isEnd: true },
  ],
};

/** Both, as they would be installed. */
export const samples: readonly NamedDocument[] = [
  { name: 'Lab-Greet', content: greeting },
  { name: 'Lab-Ceremony', content: ceremony },
];
