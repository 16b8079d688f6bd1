import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AutomationDocument, AutomationStep } from '../../../lib/documents/schema/automation-document.ts';
import type { CommandDocument } from '../../../lib/documents/schema/command-document.ts';
import type { Document } from '../../../lib/documents/schema/document.ts';
import type { CommandParameter } from '../../../lib/documents/schema/parameter.ts';
import { describeProblem } from '../../../lib/documents/schema/problem.ts';
import { validateDocument } from '../../../lib/documents/schema/validate-document.ts';
import { ceremony, greeting, greetStep, samples } from './sample-documents.ts';

function problemsOf(document: Document, name = 'Lab-Test'): readonly string[] {
  return validateDocument(name, document, samples).map(describeProblem);
}

function onlyProblem(document: Document, expected: RegExp): void {
  const problems = problemsOf(document);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] ?? '', expected);
}

function withParameter(parameter: Partial<CommandParameter>): CommandDocument {
  const base = {
    type: 'String',
    description: 'x',
    allowedPattern: '^[a-z]+$',
    interpolationType: 'ENV_VAR',
  } as const;
  return { ...greeting, parameters: { ...greeting.parameters, Extra: { ...base, ...parameter } } };
}

function withInputs(inputs: Partial<CommandDocument['mainSteps'][number]['inputs']>): CommandDocument {
  const [step] = greeting.mainSteps;
  assert.ok(step);
  return { ...greeting, mainSteps: [{ ...step, inputs: { ...step.inputs, ...inputs } }] };
}

function withSteps(...mainSteps: readonly AutomationStep[]): AutomationDocument {
  return { ...ceremony, outputs: [], mainSteps };
}

describe('a sound document', () => {
  test('a Command document that keeps every rule has no problem', () => {
    assert.deepEqual(problemsOf(greeting), []);
  });

  test('an Automation document that keeps every rule has no problem', () => {
    assert.deepEqual(problemsOf(ceremony), []);
  });
});

describe('the shape', () => {
  test('fails on an unknown field, and says where', () => {
    const odd = { ...greeting, mainSteps: [{ ...greeting.mainSteps[0], onFailure: 'exit' }] } as unknown as Document;
    onlyProblem(odd, /^mainSteps\[0\]\.onFailure: .*subset of SSM/);
  });

  test('fails on an unknown action', () => {
    const odd = { ...ceremony, mainSteps: [{ ...greetStep, action: 'aws:executeScript' }] } as unknown as Document;
    onlyProblem(odd, /^mainSteps\[0\]\.action: "aws:executeScript"/);
  });

  test('fails on a misspelt comparison inside And', () => {
    const choice = { NextStep: 'greet', And: [{ Variable: '{{ Who }}', StringEqual: 'a' }] };
    const branch = { name: 'choose', action: 'aws:branch', inputs: { Choices: [choice] } };
    const odd = { ...ceremony, mainSteps: [branch, greetStep] } as unknown as Document;
    onlyProblem(odd, /Choices\[0\]\.And\[0\]\.StringEqual/);
  });

  test('fails on a reserved or malformed document name', () => {
    for (const name of ['AWS-Mine', 'a', 'with space']) assert.match(problemsOf(greeting, name)[0] ?? '', /^name: /);
  });

  test('fails above 64 KiB of JSON and accepts it just below', () => {
    const empty = Buffer.byteLength(JSON.stringify({ ...greeting, description: '' }));
    assert.deepEqual(problemsOf({ ...greeting, description: 'x'.repeat(65_536 - empty) }), []);
    onlyProblem({ ...greeting, description: 'x'.repeat(65_537 - empty) }, /^the document: 65537 bytes/);
  });
});

describe('parameters', () => {
  test('fails on a name with a hyphen', () => {
    const parameters = { 'not-good': { ...greeting.parameters?.['Tone'] } } as CommandDocument['parameters'];
    onlyProblem({ ...greeting, parameters: { ...greeting.parameters, ...parameters } }, /"not-good" is no name/);
  });

  test('fails on a pattern that is not anchored, also in one alternative only', () => {
    for (const allowedPattern of ['[a-z]+', '^[a-z]+', '[a-z]+$', '^a|b$', '^a\\$']) {
      onlyProblem(withParameter({ allowedPattern }), /^parameters\.Extra\.allowedPattern: .*not anchored/);
    }
  });

  test('a pattern may have alternatives inside its anchors, and bars in classes', () => {
    for (const allowedPattern of ['^(a|b)$', '^[a|b]+$', '^a\\|b$', '^[^"]*$']) {
      assert.deepEqual(problemsOf(withParameter({ allowedPattern })), []);
    }
  });

  test('fails on a pattern that is no regular expression', () => {
    onlyProblem(withParameter({ allowedPattern: '^[a$' }), /no regular expression/);
  });

  test("fails on a pattern that the agent's engine cannot compile", () => {
    onlyProblem(withParameter({ allowedPattern: '^(?!x)[a-z]+$' }), /RE2/);
  });

  test('fails on a default that breaks its own pattern, values or length', () => {
    onlyProblem(withParameter({ default: 'A1' }), /^parameters\.Extra\.default: "A1".*must match/);
    onlyProblem(withParameter({ default: 'c', allowedValues: ['a', 'b'] }), /must be one of a, b/);
    onlyProblem(withParameter({ default: 'abc', maxChars: 2 }), /at most 2 characters/);
  });

  test('fails on a Command parameter without a rule for its values', () => {
    onlyProblem(withParameter({ allowedPattern: undefined }), /takes any value/);
  });

  test('fails on a Command parameter that would become script text', () => {
    onlyProblem(withParameter({ interpolationType: undefined }), /interpolationType: .*read \$SSM_Extra/);
  });

  test('fails on a StringList, which cannot be an environment variable', () => {
    onlyProblem(withParameter({ type: 'StringList' }), /^parameters\.Extra\.type/);
  });

  test('fails on an Automation parameter that no step uses', () => {
    const parameters = { ...ceremony.parameters, Idle: { type: 'String', description: 'x' } } as const;
    onlyProblem({ ...ceremony, parameters }, /^parameters\.Idle: .*used by no step/);
  });

  test('fails on an Automation value of more than 512 characters', () => {
    const long = (chars: number): AutomationDocument => ({
      ...withSteps({ name: 'wait', action: 'aws:sleep', inputs: { Duration: '{{ Time }}' } }),
      parameters: { Time: { type: 'String', description: 'x', default: 'x'.repeat(chars) } },
    });
    assert.deepEqual(problemsOf(long(512)), []);
    onlyProblem(long(513), /513 characters/);
  });
});

describe('shell steps', () => {
  test('fails when a script line holds {{ parameter }}', () => {
    onlyProblem(
      withInputs({ runCommand: ['true', 'echo {{ Name }}'] }),
      /^mainSteps\[0\]\.inputs\.runCommand\[1\]: .*read \$SSM_Name/,
    );
  });

  test('fails when a script reads a variable of a parameter that is not declared', () => {
    onlyProblem(withInputs({ runCommand: ['echo "${SSM_Nmae}"'] }), /no parameter is called Nmae/);
  });

  test('fails when another input uses a parameter that is not declared', () => {
    onlyProblem(withInputs({ workingDirectory: '/tmp/{{ Folder }}' }), /parameter Folder, which is not declared/);
  });

  test('timeoutSeconds is a number or a string from 5 to 172800', () => {
    for (const timeoutSeconds of [5, '5', 172_800, '172800']) {
      assert.deepEqual(problemsOf(withInputs({ timeoutSeconds })), []);
    }
    for (const timeoutSeconds of [4, '4', 172_801, 'soon', '', 5.5, '-5']) {
      onlyProblem(withInputs({ timeoutSeconds }), /inputs\.timeoutSeconds: .*would mean 3600/);
    }
  });

  test('a parameter of nothing but digits may be the time-out, and an argument of the script', () => {
    const timed = (parameter: object): CommandDocument => ({
      ...withInputs({ timeoutSeconds: '{{ Limit }}', runCommand: ['exec greet {{ Limit }}'] }),
      parameters: {
        ...greeting.parameters,
        Limit: { type: 'String', description: 'x', allowedPattern: '^[1-9][0-9]{1,4}$', ...parameter },
      },
    });
    assert.deepEqual(problemsOf(timed({})), []);
    for (const parameter of [{ allowedPattern: '^[0-9a-f]{2}$' }, { interpolationType: 'ENV_VAR' as const }]) {
      const problems = problemsOf(timed(parameter)).join('\n');
      assert.match(problems, /timeoutSeconds: .* would mean 3600/);
      assert.match(problems, /runCommand\[0\]: .* pastes {{ Limit }} into the script/);
    }
  });

  test('fails on step names that are doubled or too short for GetCommandInvocation', () => {
    const [step] = greeting.mainSteps;
    assert.ok(step);
    onlyProblem({ ...greeting, mainSteps: [step, step] }, /mainSteps\[1\]\.name: .*earlier step/);
    onlyProblem({ ...greeting, mainSteps: [{ ...step, name: 'hi!' }] }, /no name for a step/);
    onlyProblem({ ...greeting, mainSteps: [{ ...step, name: 'run' }] }, /no name for a step/);
  });

  test('fails on finallyStep anywhere but on the last step', () => {
    const [step] = greeting.mainSteps;
    assert.ok(step);
    const first = { ...step, name: 'first', inputs: { ...step.inputs, finallyStep: true } };
    onlyProblem({ ...greeting, mainSteps: [first, step] }, /finallyStep: true is ignored/);
    assert.deepEqual(problemsOf({ ...greeting, mainSteps: [step, first] }), []);
  });

  test('fails on preconditions that the agent does not know', () => {
    const [step] = greeting.mainSteps;
    assert.ok(step);
    for (const StringEquals of [['platformType'], ['a', 'a'], ['a', 'b']]) {
      onlyProblem({ ...greeting, mainSteps: [{ ...step, precondition: { StringEquals } }] }, /failed step/);
    }
  });
});

describe('the flow of an Automation', () => {
  const last: AutomationStep = { ...greetStep, name: 'last' };

  test('fails on a jump to a step that does not exist', () => {
    onlyProblem(withSteps({ ...greetStep, onFailure: 'step:nowhere' }), /onFailure: "nowhere" names no step/);
    onlyProblem(withSteps({ ...greetStep, nextStep: 'nowhere' }), /nextStep: "nowhere" names no step/);
  });

  test('fails on a jump backwards or to itself', () => {
    onlyProblem(withSteps(greetStep, { ...last, onFailure: 'step:greet' }), /leads back/);
    onlyProblem(withSteps({ ...greetStep, onCancel: 'step:greet' }), /leads back/);
  });

  test('fails on a choice that leads nowhere', () => {
    const choose: AutomationStep = {
      name: 'choose',
      action: 'aws:branch',
      inputs: { Choices: [{ NextStep: 'gone', Variable: '{{ Who }}', Contains: 'x' }] },
    };
    onlyProblem(withSteps(choose, greetStep), /Choices\[0\]\.NextStep: "gone"/);
  });

  test('fails on a step that nothing reaches', () => {
    onlyProblem(withSteps({ ...greetStep, isEnd: true }, last), /mainSteps\[1\]\.name: "last" can never be reached/);
    assert.deepEqual(problemsOf(withSteps({ ...greetStep, isEnd: true, onCancel: 'step:last' }, last)), []);
  });

  test('a step that onFailure Continue leads to is reached, although nextStep goes past it', () => {
    const between: AutomationStep = { ...greetStep, name: 'between' };
    assert.deepEqual(
      problemsOf(withSteps({ ...greetStep, nextStep: 'last', onFailure: 'Continue' }, between, last)),
      [],
    );
    onlyProblem(withSteps({ ...greetStep, nextStep: 'last' }, between, last), /"between" can never be reached/);
  });

  test('fails on isEnd with nextStep or a jump on failure', () => {
    const problems = problemsOf(withSteps({ ...greetStep, isEnd: true, nextStep: 'last' }, last));
    assert.match(problems.join('\n'), /nextStep: "last" is never followed, because of isEnd/);
    onlyProblem(withSteps({ ...greetStep, isEnd: true, onFailure: 'step:last' }, last), /onFailure: "last" is never/);
  });

  test('fails on a duration that is not ISO 8601', () => {
    const sleep = (Duration: string): AutomationDocument =>
      withSteps({ name: 'wait', action: 'aws:sleep', inputs: { Duration } }, greetStep);
    for (const duration of ['30', 'PT', '30s', 'P1D']) onlyProblem(sleep(duration), /no duration/);
    assert.deepEqual(problemsOf(sleep('PT1H')), []);
  });

  test('fails on an output of a step that has none of that name', () => {
    onlyProblem({ ...ceremony, outputs: ['greet.Result'] }, /outputs\[0\]: "greet.Result"/);
    onlyProblem({ ...ceremony, outputs: ['wait.Output'] }, /output of no step/);
  });
});

describe('what an Automation passes to a Command document', () => {
  const passing = (Parameters: Record<string, string | readonly string[]>): AutomationDocument => {
    const parameters = JSON.stringify(Parameters).includes('Who }') ? ceremony.parameters : {};
    return {
      ...withSteps({ ...greetStep, inputs: { ...greetStep.inputs, Parameters } }),
      ...(parameters && { parameters }),
    };
  };

  test('fails on a document that is not among the set of the lab', () => {
    const step = { ...greetStep, inputs: { ...greetStep.inputs, DocumentName: 'Lab-Gone' } };
    onlyProblem(withSteps(step), /"Lab-Gone" is no Command document/);
    onlyProblem(
      withSteps({ ...step, inputs: { ...step.inputs, DocumentName: 'Lab-Ceremony' } }),
      /no Command document/,
    );
  });

  test('fails on a parameter that the document lacks', () => {
    onlyProblem(passing({ Name: 'me', Volume: '11' }), /Volume: "11" is no parameter of Lab-Greet: it has Name, Tone/);
  });

  test('fails on a required parameter that is not passed', () => {
    onlyProblem(passing({ Tone: 'cold' }), /does not pass Name/);
  });

  test('fails on a literal that the document would refuse', () => {
    onlyProblem(passing({ Name: 'ME' }), /Name: "ME" would be refused/);
    onlyProblem(passing({ Name: ['me', 'you'] }), /must be a String/);
    assert.deepEqual(problemsOf(passing({ Name: ['me'] })), []);
  });

  test('fails on a default that the document would refuse, also inside a longer text', () => {
    onlyProblem(passing({ Name: '{{ Who }}-' }), /as \\?"world-/);
    onlyProblem(passing({ Name: '{{ automation:EXECUTION_ID }}' }), /would be refused/);
  });

  test('fails on a name that is neither parameter, output nor variable', () => {
    onlyProblem(passing({ Name: '{{ Whom }}' }), /uses Whom/);
    onlyProblem(passing({ Name: '{{ greet.Output }}' }), /no output of an earlier step/);
    assert.deepEqual(problemsOf(passing({ Name: '{{ global:DATE }}' })), []);
  });

  test('fails unless the step says in exactly one way where to run', () => {
    const { Targets: _targets, ...nowhere } = greetStep.inputs;
    onlyProblem(withSteps({ ...greetStep, inputs: nowhere }), /either InstanceIds or Targets/);
  });

  test('fails on limits that SendCommand would refuse', () => {
    const limited = (limits: object): AutomationDocument =>
      withSteps({ ...greetStep, inputs: { ...greetStep.inputs, ...limits } });
    onlyProblem(limited({ MaxConcurrency: '0' }), /no concurrency/);
    onlyProblem(limited({ MaxErrors: '101%' }), /no number of errors/);
    onlyProblem(limited({ TimeoutSeconds: 29 }), /30 to 2592000/);
    assert.deepEqual(problemsOf(limited({ MaxConcurrency: '100%', MaxErrors: '0', TimeoutSeconds: 30 })), []);
  });
});
