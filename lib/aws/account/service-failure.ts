import { LabError } from '../../config/lab-error.ts';
import { ok, unavailable, type Result } from './result.ts';

/** Why a service did not answer. */
type FailureKind = 'credentials' | 'expired' | 'denied' | 'throttled' | 'unreachable' | 'other';

/** A failed call of a service, understood. */
export interface ServiceFailure {
  readonly kind: FailureKind;
  /** The service's own name for it, such as `UnauthorizedOperation`; empty when it gave none. */
  readonly code: string;
  /** The HTTP status of the answer; 0 without an answer. */
  readonly status: number;
  /** A phrase without a full stop: what happened. */
  readonly text: string;
}

/*
 * Error codes: EC2 API reference ("Error codes for the Amazon EC2 API"), and each service's common errors; the query services
 * (EC2), JSON services (SSM, Service Quotas, Pricing) and S3 name the same troubles differently.
 */
const kinds: Readonly<Record<string, FailureKind>> = {
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  AuthFailure: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  InvalidSignatureException: 'credentials',
  IncompleteSignature: 'credentials',
  MissingAuthenticationToken: 'credentials',
  RequestExpired: 'expired',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  TokenRefreshRequired: 'expired',
  UnauthorizedOperation: 'denied',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  AuthorizationError: 'denied',
  OptInRequired: 'denied',
  Blocked: 'denied',
  PendingVerification: 'denied',
  RequestLimitExceeded: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  TooManyRequestsException: 'throttled',
  SlowDown: 'throttled',
  TimeoutError: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/** What a thrown error of an SDK client means. `action` names the call, such as `ec2:DescribeVpcs`. */
export function understandFailure(action: string, error: unknown): ServiceFailure {
  const { name, code, message, status } = partsOf(error);
  const label = [name, code].find((candidate) => Object.hasOwn(kinds, candidate)) ?? '';
  const kind = kinds[label] ?? (status === 403 ? 'denied' : status === 429 ? 'throttled' : 'other');
  const expired = kind === 'credentials' && /expired/i.test(message) ? 'expired' : kind;
  return {
    kind: expired,
    code: label === '' ? name : label,
    status,
    text: `${phrases[expired]} ${action}: ${message}`,
  };
}

const phrases: Readonly<Record<FailureKind, string>> = {
  credentials: 'no valid AWS credentials for',
  expired: 'the AWS credentials have expired at',
  denied: 'access denied to',
  throttled: 'AWS throttles the account, also after several tries, at',
  unreachable: 'the service cannot be reached for',
  other: 'no answer to',
};

const hints: Readonly<Record<FailureKind, string>> = {
  credentials:
    'sign in (aws sso login, aws configure, or AWS_PROFILE), and check that the region is enabled in the account; aws sts get-caller-identity shows who you are',
  expired: 'sign in again, for instance with aws sso login, and repeat the command',
  denied:
    'sign in as somebody who may, or let an administrator allow that action; c1m policy prints what each command needs',
  throttled: 'wait a minute and repeat the command; something else in the account may be calling EC2 all the time',
  unreachable: "check the region's name and the network (--region, AWS_REGION, AWS_ENDPOINT_URL)",
  other: 'repeat the command; if it stays, AWS_ENDPOINT_URL may point to something that does not know this call',
};

/** The error that ends a command when a call it cannot do without failed: what happened, and what to do. */
export function serviceError(action: string, error: unknown): LabError {
  if (error instanceof LabError) return error;
  const failure = understandFailure(action, error);
  return new LabError('environment', failure.text, hints[failure.kind], { cause: error });
}

/** Calls a service; throws LabError `environment` when the call fails. */
export async function callOrThrow<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw serviceError(action, error);
  }
}

/** Calls a service; a failed call is a result without a value. */
export async function tryCall<T>(action: string, call: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await call());
  } catch (error) {
    return unavailable(error instanceof LabError ? error.message : understandFailure(action, error).text);
  }
}

function partsOf(error: unknown): { name: string; code: string; message: string; status: number } {
  if (!(error instanceof Error)) return { name: '', code: '', message: String(error), status: 0 };
  const { code, Code, $metadata } = error as Error & {
    readonly code?: unknown;
    readonly Code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  // A body that is no answer of the service at all (an emulator's page) makes the SDK talk of its parser, over several lines.
  const foreign = error.message.includes('to see the raw response');
  const sentence = foreign ? `HTTP ${status} without an answer that can be read` : firstLine(error.message);
  return {
    name: error.name === 'Error' ? '' : error.name,
    code: typeof code === 'string' ? code : typeof Code === 'string' ? Code : '',
    message: ['UnknownError', 'Unknown', ''].includes(sentence) ? `HTTP ${status}` : sentence,
    status,
  };
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').trim().replace(/\.$/, '');
}
