/** An answer of a service, or why there is none: what could not be asked is never taken for good news. */
export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly reason: string };

/** An answer. */
export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

/** No answer; `reason` is a phrase such as `access denied to ec2:DescribeVpcs`. */
export function notKnown<T>(reason: string): Known<T> {
  return { known: false, reason };
}
