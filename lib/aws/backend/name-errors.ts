import type { AwsClients } from '../account/aws-access.ts';
import { serviceError, understandFailure } from '../account/service-failure.ts';

const waitSeconds = 8;

/**
 * Makes what the services refuse a LabError, whoever sends the command: credentials, rights, throttling, network, a service that
 * is out of order or does not know the call. Exceptions that mean something to the lab (ParameterNotFound) stay what they are.
 * A call that is not answered, though it be tried again, is told every eight seconds. Gives the same clients.
 */
export function nameErrors(clients: AwsClients, onWait: (text: string) => void): AwsClients {
  const named = async <T>(service: string, command: string | undefined, answer: Promise<T>): Promise<T> => {
    const action = `${service}:${(command ?? 'a call').replace(/Command$/, '')}`;
    let seconds = 0;
    const waiting = setInterval(() => {
      seconds += waitSeconds;
      onWait(`${action} has not been answered for ${seconds} s`);
    }, waitSeconds * 1000);
    try {
      return await answer;
    } catch (error) {
      const { kind, status } = understandFailure(action, error);
      throw kind === 'other' && status < 500 ? error : serviceError(action, error);
    } finally {
      clearInterval(waiting);
    }
  };
  const outermost = { step: 'initialize', priority: 'high', name: 'c1mlabErrors' } as const;
  const { ssm, ec2, s3 } = clients;
  ssm.middlewareStack.add(
    (next, { commandName }) =>
      async (args) =>
        named('ssm', commandName, next(args)),
    outermost,
  );
  ec2.middlewareStack.add(
    (next, { commandName }) =>
      async (args) =>
        named('ec2', commandName, next(args)),
    outermost,
  );
  s3.middlewareStack.add(
    (next, { commandName }) =>
      async (args) =>
        named('s3', commandName, next(args)),
    outermost,
  );
  return clients;
}
