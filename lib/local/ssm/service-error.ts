/** An error that the service answers with: the SDK makes an exception of that name of it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** The exception's name in the SDK, such as `InvalidInstanceId`. */
  readonly code: string;

  constructor(code: string, message = '') {
    super(message);
    this.code = code;
  }
}

/** The answer to malformed input. */
export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
