/** An answer of a service, or why there is none: what could not be asked is never taken for good news. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** An answer. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** No answer; `reason` is a phrase such as `access denied to ec2:DescribeVpcs`. */
export function unavailable<T>(reason: string): Result<T> {
  return { ok: false, reason };
}
