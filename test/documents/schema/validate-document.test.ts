import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type {
  AutomationDocument,
  AutomationStep,
  CommandDocument,
  CommandParameter,
  Document,
  RunCommandStep,
} from '../../../lib/documents/schema/document.ts';
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

const parameter = { type: 'String', description: 'x', allowedPattern: '^[a-z]+$' } as const;
const variable = { ...parameter, interpolationType: 'ENV_VAR' } as const;

function withParameter(extra: CommandParameter): CommandDocument {
  return { ...greeting, parameters: { ...greeting.parameters, Extra: extra } };
}

function withInputs(inputs: Partial<CommandDocument['mainSteps'][0]['inputs']>): CommandDocument {
  const [step] = greeting.mainSteps;
  return { ...greeting, mainSteps: [{ ...step, inputs: { ...step.inputs, ...inputs } }] };
}

function withSteps(...mainSteps: readonly AutomationStep[]): AutomationDocument {
  return { ...ceremony, outputs: [], mainSteps };
}

describe('a document', () => {
  test('that keeps every rule has no problem', () => {
    assert.deepEqual([...problemsOf(greeting), ...problemsOf(ceremony)], []);
  });

  test('fails on a reserved or malformed name', () => {
    for (const name of ['AWS-Mine', 'a', 'with space']) assert.match(problemsOf(greeting, name)[0] ?? '', /^name: /);
  });

  test('fails above 64 KiB of JSON and is accepted just below', () => {
    const empty = Buffer.byteLength(JSON.stringify({ ...greeting, description: '' }));
    assert.deepEqual(problemsOf({ ...greeting, description: 'x'.repeat(65_536 - empty) }), []);
    onlyProblem({ ...greeting, description: 'x'.repeat(65_537 - empty) }, /^the document: 65537 bytes/);
  });
});

describe('parameters', () => {
  test('fails on a name with a hyphen', () => {
    onlyProblem({ ...greeting, parameters: { ...greeting.parameters, 'not-good': variable } }, /"not-good" is no name/);
  });

  test('fails on a pattern that is not anchored, also in one alternative only', () => {
    for (const allowedPattern of ['[a-z]+', '^[a-z]+', '[a-z]+$', '^a|b$', '^a\\$']) {
      onlyProblem(withParameter({ ...variable, allowedPattern }), /^parameters\.Extra\.allowedPattern: .*not anchored/);
    }
  });

  test('a pattern may have alternatives inside its anchors, and bars in classes', () => {
    for (const allowedPattern of ['^(a|b)$', '^[a|b]+$', '^a\\|b$', '^[^"]*$']) {
      assert.deepEqual(problemsOf(withParameter({ ...variable, allowedPattern })), []);
    }
  });

  test("fails on a pattern that is no regular expression, or that the agent's engine cannot compile", () => {
    onlyProblem(withParameter({ ...variable, allowedPattern: '^[a$' }), /no regular expression/);
    onlyProblem(withParameter({ ...variable, allowedPattern: '^(?!x)[a-z]+$' }), /RE2/);
  });

  test('fails on a default that breaks its own pattern or values', () => {
    onlyProblem(withParameter({ ...variable, default: 'A1' }), /^parameters\.Extra\.default: "A1".*must match/);
    onlyProblem(withParameter({ ...variable, default: 'c', allowedValues: ['a', 'b'] }), /must be one of a, b/);
  });

  test('fails on a Command parameter without a rule for its values, or that would become script text', () => {
    const { allowedPattern: _pattern, ...free } = variable;
    onlyProblem(withParameter(free), /takes any value/);
    onlyProblem(withParameter(parameter), /interpolationType: .*read \$SSM_Extra/);
  });

  test('fails on an Automation parameter that no step uses, or that is longer than 512 characters', () => {
    const idle = { ...ceremony.parameters, Idle: parameter };
    onlyProblem({ ...ceremony, parameters: idle }, /^parameters\.Idle: .*used by no step/);
    const long = (chars: number): AutomationDocument => ({
      ...ceremony,
      assumeRole: '{{ Role }}',
      parameters: { ...ceremony.parameters, Role: { ...parameter, default: 'x'.repeat(chars) } },
    });
    assert.deepEqual(problemsOf(long(512)), []);
    onlyProblem(long(513), /513 characters/);
  });
});

describe('a script', () => {
  test('fails when a line holds {{ parameter }}', () => {
    onlyProblem(
      withInputs({ runCommand: ['true', 'echo {{ Name }}'] }),
      /^mainSteps\[0\]\.inputs\.runCommand\[1\]: .*read \$SSM_Name/,
    );
  });

  test('fails when it reads, or another input uses, a parameter that is not declared', () => {
    onlyProblem(withInputs({ runCommand: ['echo "${SSM_Nmae}"'] }), /no parameter is called Nmae/);
    onlyProblem(withInputs({ workingDirectory: '/tmp/{{ Folder }}' }), /parameter Folder, which is not declared/);
  });

  test('has a time-out from 5 to 172800', () => {
    for (const timeoutSeconds of ['5', '172800']) assert.deepEqual(problemsOf(withInputs({ timeoutSeconds })), []);
    for (const timeoutSeconds of ['4', '172801', 'soon', '', '5.5', '-5']) {
      onlyProblem(withInputs({ timeoutSeconds }), /inputs\.timeoutSeconds: .*would mean 3600/);
    }
  });

  test('may have a parameter of nothing but digits as its time-out, and as an argument', () => {
    const timed = (more: object): CommandDocument => ({
      ...withInputs({ timeoutSeconds: '{{ Limit }}', runCommand: ['exec greet {{ Limit }}'] }),
      parameters: { ...greeting.parameters, Limit: { ...parameter, allowedPattern: '^[1-9][0-9]{1,4}$', ...more } },
    });
    assert.deepEqual(problemsOf(timed({})), []);
    for (const more of [{ allowedPattern: '^[0-9a-f]{2}$' }, { interpolationType: 'ENV_VAR' }]) {
      const problems = problemsOf(timed(more)).join('\n');
      assert.match(problems, /timeoutSeconds: .* would mean 3600/);
      assert.match(problems, /runCommand\[0\]: .* pastes {{ Limit }} into the script/);
    }
  });

  test('fails on a step name that is too short for GetCommandInvocation', () => {
    const [step] = greeting.mainSteps;
    for (const name of ['hi!', 'run'])
      onlyProblem({ ...greeting, mainSteps: [{ ...step, name }] }, /no name for a step/);
  });
});

describe('the flow of an Automation', () => {
  const last: RunCommandStep = { ...greetStep, name: 'last' };

  test('fails on a jump to nowhere, backwards, or to itself', () => {
    onlyProblem(withSteps({ ...greetStep, onFailure: 'step:nowhere' }), /onFailure: "nowhere" names no step/);
    onlyProblem(withSteps(greetStep, { ...last, onFailure: 'step:greet' }), /leads back/);
    onlyProblem(withSteps({ ...greetStep, onCancel: 'step:greet' }), /leads back/);
  });

  test('fails on two steps of one name, and on a name with a hyphen', () => {
    onlyProblem(withSteps(greetStep, greetStep), /mainSteps\[1\]\.name: .*earlier step/);
    onlyProblem(withSteps({ ...greetStep, name: 'say-hi' }), /no name for a step/);
  });

  test('fails on a step that nothing reaches', () => {
    onlyProblem(withSteps({ ...greetStep, isEnd: true }, last), /mainSteps\[1\]\.name: "last" can never be reached/);
    assert.deepEqual(problemsOf(withSteps({ ...greetStep, isEnd: true, onCancel: 'step:last' }, last)), []);
  });

  test('fails on isEnd with a jump on failure', () => {
    onlyProblem(
      withSteps({ ...greetStep, isEnd: true, onFailure: 'step:last' }, last),
      /onFailure: .* is never followed/,
    );
  });

  test('fails on an output that no step has', () => {
    onlyProblem({ ...ceremony, outputs: ['greet.Result'] }, /outputs\[0\]: "greet.Result" is the output of no step/);
  });
});

describe('what an Automation passes to a Command document', () => {
  const passing = (Parameters: Record<string, string>): AutomationDocument => {
    const { parameters: declared, ...rest } = withSteps({ ...greetStep, inputs: { ...greetStep.inputs, Parameters } });
    return JSON.stringify(Parameters).includes('Who }') && declared !== undefined
      ? { ...rest, parameters: declared }
      : rest;
  };

  test('fails on a document that is not among those of the lab', () => {
    for (const DocumentName of ['Lab-Gone', 'Lab-Ceremony']) {
      const step = { ...greetStep, inputs: { ...greetStep.inputs, DocumentName } };
      onlyProblem(withSteps(step), /is no Command document/);
    }
  });

  test('fails on a parameter that the document lacks, and on one that is not passed', () => {
    onlyProblem(passing({ Name: 'me', Volume: '11' }), /Volume: "11" is no parameter of Lab-Greet: it has Name, Tone/);
    onlyProblem(passing({ Tone: 'cold' }), /does not pass Name/);
  });

  test('fails on a value or default that the document would refuse, also inside a longer text', () => {
    onlyProblem(passing({ Name: 'ME' }), /Name: "ME" would be refused/);
    onlyProblem(passing({ Name: '{{ Who }}-' }), /as \\?"world-/);
    onlyProblem(passing({ Name: '{{ automation:EXECUTION_ID }}' }), /would be refused/);
  });

  test('fails on a name that is neither a parameter nor the execution', () => {
    onlyProblem(passing({ Name: '{{ Whom }}' }), /uses Whom/);
  });

  test('fails on a time for delivery that SendCommand would refuse', () => {
    const step = { ...greetStep, inputs: { ...greetStep.inputs, TimeoutSeconds: 29 } };
    onlyProblem(withSteps(step), /30 to 2592000/);
  });
});
