import type {
  AutomationDocument,
  CommandDocument,
  NamedDocument,
  RunCommandStep,
} from '../../../lib/documents/schema/document.ts';

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
export const greetStep: RunCommandStep = {
  name: 'greet',
  action: 'aws:runCommand',
  timeoutSeconds: 120,
  onFailure: 'Abort',
  inputs: {
    DocumentName: 'Lab-Greet',
    Targets: [{ Key: 'tag:lab', Values: ['Lab'] }],
    Parameters: { Name: '{{ Who }}' },
    TimeoutSeconds: 30,
    MaxConcurrency: '100%',
    MaxErrors: '0',
  },
};

/** An Automation document without any problem that runs {@link greeting}. */
export const ceremony: AutomationDocument = {
  schemaVersion: '0.3',
  description: 'Greets twice.',
  parameters: {
    Who: { type: 'String', description: 'Who', default: 'world', allowedPattern: '^[a-z]{1,9}$' },
  },
  outputs: ['greet.Status'],
  mainSteps: [
    { ...greetStep, onFailure: 'step:bye' },
    { ...greetStep, name: 'bye', isEnd: true },
  ],
};

/** Both, as they would be installed. */
export const samples: readonly NamedDocument[] = [
  { name: 'Lab-Greet', content: greeting },
  { name: 'Lab-Ceremony', content: ceremony },
];
