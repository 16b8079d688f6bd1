import { LabError } from '../../config/lab-error.ts';

/** What a server that listens elsewhere does of what the lab's servers do. */
export interface ServerAbilities {
  /** A message comes back unchanged. */
  readonly echoes: boolean;
  /** What is sent to `/publish` reaches a member, and is answered with `sent …`. */
  readonly publishes: boolean;
}

const answerPattern = /^sent \d+ \d+ \d+$/;

/**
 * Asks a server with one connection to its URL and one to `/publish` what it does: a path that is open proves nothing, for many
 * servers take any path. Each answer has `deadlineMillis`. Throws LabError `runFailed` when no connection can be opened.
 */
export async function probeServer(url: string, deadlineMillis: number): Promise<ServerAbilities> {
  const member = new Peer(url);
  try {
    if (!(await member.opens(deadlineMillis))) {
      throw new LabError(
        'runFailed',
        `no WebSocket connection to ${url} can be opened`,
        'see that the server listens there, and takes WebSocket connections on that path',
      );
    }
    member.send('c1mlab probe: echo');
    const echoes = await member.hears((text) => text === 'c1mlab probe: echo', deadlineMillis);
    return { echoes, publishes: await publishes(member, url, deadlineMillis) };
  } finally {
    member.close();
  }
}

async function publishes(member: Peer, url: string, deadlineMillis: number): Promise<boolean> {
  const publisher = new Peer(new URL('/publish', url).href);
  try {
    if (!(await publisher.opens(deadlineMillis))) return false;
    publisher.send('c1mlab probe: publish');
    const [answered, arrived] = await Promise.all([
      publisher.hears((text) => answerPattern.test(text), deadlineMillis),
      member.hears((text) => text === 'c1mlab probe: publish', deadlineMillis),
    ]);
    return answered && arrived;
  } finally {
    publisher.close();
  }
}

/** One WebSocket connection that remembers the texts it was sent. */
class Peer {
  readonly #socket: WebSocket;
  readonly #texts: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#texts.push(data);
    });
    for (const event of ['open', 'message', 'error', 'close'] as const) {
      this.#socket.addEventListener(event, () => this.#watchers.forEach((look) => look()));
    }
  }

  async opens(deadlineMillis: number): Promise<boolean> {
    await this.#until(() => this.#socket.readyState !== WebSocket.CONNECTING, deadlineMillis);
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether a text that fits has come or comes within the deadline. */
  async hears(fits: (text: string) => boolean, deadlineMillis: number): Promise<boolean> {
    const heard = (): boolean => this.#texts.some(fits);
    await this.#until(() => heard() || this.#socket.readyState !== WebSocket.OPEN, deadlineMillis);
    return heard();
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }

  #until(holds: () => boolean, deadlineMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const look = (): void => {
        if (holds()) end();
      };
      const timer = setTimeout(end, deadlineMillis);
      this.#watchers.add(look);
      look();
    });
  }
}
