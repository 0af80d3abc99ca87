/**
 * How the upstreams have lately answered this isolate. A hint for whoever looks at health, nothing more: it is in memory, is
 * gone with the isolate, and decides nothing.
 */

/** Times in milliseconds since 1970. */
export interface Observation {
  lastAnswerAt?: number;
  lastFailureAt?: number;
  /** What kind of failure the last was. Never what was asked for: health is open to strangers. */
  failure?: string;
}

const seen = new Map<string, Observation>();

/** Notes an answer (no failure) or a failure of an upstream's origin. */
export function noteUpstream(origin: string, at: number, failure?: string): void {
  const before = seen.get(origin) ?? {};
  const now = failure === undefined ? { lastAnswerAt: at } : { lastFailureAt: at, failure };
  seen.set(origin, { ...before, ...now });
}

/** What was noted of an origin since a time, if anything. */
export function upstreamSince(origin: string, since: number): Observation | undefined {
  const observation = seen.get(origin);
  const last = Math.max(observation?.lastAnswerAt ?? 0, observation?.lastFailureAt ?? 0);
  return observation && last >= since ? observation : undefined;
}
