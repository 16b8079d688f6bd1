import { randomUUID } from 'node:crypto';
import { automationActions, cancelExecution } from './automation/automation-actions.ts';
import { systemClock } from './clock.ts';
import { commandActions } from './commands/command-actions.ts';
import { cancelCommand } from './commands/execute-command.ts';
import { readActions } from './read-actions.ts';
import { createService, type Action, type Service, type SsmOptions } from './service.ts';
import { ServiceError, validationError } from './service-error.ts';

/** The part of an HTTP request that the handler reads. */
interface SsmRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer of the service, as the SDK's own handlers give it. */
interface SsmResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** A local SSM in the shape of the SDK's `requestHandler`. No port is opened: requests are answered in the process. */
export interface SsmRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  readonly handle: (
    request: SsmRequest,
    options?: { readonly abortSignal?: unknown },
  ) => Promise<{ readonly response: SsmResponse }>;
  /** The handler has nothing to set: both are there because the SDK wants them. */
  readonly updateHttpClientConfig: () => void;
  readonly httpHandlerConfigs: () => Record<string, never>;
  /** Kills everything that runs and refuses further requests. `SSMClient.destroy()` calls it. */
  readonly destroy: () => void;
  /** {@link destroy}, and waits until everything has ended. */
  readonly close: () => Promise<void>;
}

const actions: Readonly<Record<string, Action>> = {
  ...commandActions,
  ...automationActions,
  ...readActions,
};

const targetPrefix = 'AmazonSSM.';

/**
 * A local SSM that executes documents on local hosts: `new SSMClient({ region, credentials, requestHandler })` talks to it as
 * it would to AWS. The state is in memory and ends with the handler.
 */
export function createSsmRequestHandler(options: SsmOptions): SsmRequestHandler {
  const service = createService(options, options.clock ?? systemClock);
  let destroyed = false;
  const destroy = (): void => {
    destroyed = true;
    stopEverything(service);
  };
  return {
    metadata: { handlerProtocol: 'local' },
    handle: async (request, { abortSignal } = {}) => {
      if (abortSignal instanceof AbortSignal) abortSignal.throwIfAborted();
      if (destroyed) throw new Error('the local SSM has been destroyed: make a new one');
      return { response: answer(service, request) };
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
    destroy,
    close: async () => {
      destroy();
      while (service.running.size > 0) await Promise.all(service.running);
    },
  };
}

function stopEverything(service: Service): void {
  for (const execution of service.executions.newestFirst()) {
    cancelExecution(execution);
    execution.abandonment.abort();
  }
  for (const command of service.commands.newestFirst()) cancelCommand(command);
}

function answer(service: Service, request: SsmRequest): SsmResponse {
  try {
    return response(200, act(service, request));
  } catch (error) {
    if (error instanceof ServiceError) {
      return response(400, { __type: error.code, message: error.message, Message: error.message });
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // A fault of the local SSM itself. The SDK repeats a request that ends with 500, so that it is told as a client's error.
    return response(400, { __type: 'InternalServerError', message, Message: message });
  }
}

function act(service: Service, request: SsmRequest): object {
  const target = headerOf(request, 'x-amz-target');
  const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    throw new ServiceError('UnknownOperationException', `The local SSM does not know the operation "${target}".`);
  }
  return action(service, parseBody(request.body));
}

function headerOf({ headers }: SsmRequest, wanted: string): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
}

function parseBody(body: unknown): unknown {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
  if (typeof text !== 'string') throw validationError('The body of the request is neither text nor bytes.');
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError('SerializationException', 'The body of the request is no JSON.');
  }
}

function response(statusCode: number, body: object): SsmResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify(body)),
  };
}
