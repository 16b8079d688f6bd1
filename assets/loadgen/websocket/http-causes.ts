/** HTTP statuses that are counted each where a server answers an upgrade with them; all others are httpOther. */
const statuses = [
  200, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 426, 429, 431, 500, 501, 502, 503,
  504,
] as const;

/** A server answered the upgrade with this HTTP status. */
export type HttpCause = `http${(typeof statuses)[number]}` | 'httpOther';

/** Every {@link HttpCause}. */
export const httpCauses: readonly HttpCause[] = [...statuses.map((status) => `http${status}` as const), 'httpOther'];

/** The cause that a status stands for. */
export function causeOfStatus(status: string): HttpCause {
  return httpCauses.find((cause) => cause === `http${status}`) ?? 'httpOther';
}
