/** The remote control of the consumer: what a Worker gets to see that calls the registry by its binding. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Refusal } from "../../src/rpc/refusal.ts";
import { unfinishedWork } from "../harness.ts";

/** What came of a call: its answer, or the error as the caller caught it. */
export interface Outcome {
  value?: unknown;
  name?: string;
  message?: string;
  own?: string[];
  refusal?: Refusal;
}

/** Has the consumer do something. `binding`: as which caller. */
export async function play<T = unknown>(scene: string, input: unknown, binding = "REGISTRY", consumer = env.CONSUMER) {
  const request = { method: "POST", body: JSON.stringify(input) };
  const answer = await consumer.fetch(`https://consumer.test/${scene}?binding=${binding}`, request);
  if (!answer.ok) throw new Error(`${scene}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Has the consumer call a method. */
export function call(method: string, input: unknown, binding?: string, consumer?: Fetcher): Promise<Outcome> {
  return play<Outcome>(method, input, binding, consumer);
}

/** A refusal in short: `404 artifact_not_found: Artifact does not exist.`; or what there was instead. */
export function said({ value, refusal, name, message }: Outcome): unknown {
  if (refusal) return `${refusal.status} ${refusal.code}: ${refusal.detail}`;
  return name === undefined ? value : `${name}: ${message}`;
}

/**
 * Waits for what the registry does behind its answers. It is a Worker of its own: what it still had to do when a test ends,
 * it would do to the next one's database.
 */
export async function comeToRest(): Promise<void> {
  await expect.poll(unfinishedWork).toEqual([]);
}
