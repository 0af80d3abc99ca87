/**
 * A refusal on its way to another Worker: how it is thrown here and how it is read there. Callers import `asRefusal`.
 *
 * Invariant: what crosses is a plain Error of our own making, with plain data for own properties: the platform drops all
 * properties of an error that carries anything else, and what was thrown inside (causes, stacks) is nobody's business.
 */

import { type ErrorCode, isErrorCode, type RegistryError, refusalOf } from "../errors.ts";

/** Why the registry said no: the code for programs, the status and body that the same refusal has over HTTP. */
export interface Refusal {
  code: ErrorCode;
  status: number;
  detail: string;
  /** Names the call in the registry's log. */
  request_id?: string;
  /** With `has_dependents`: what is derived from the artifact. */
  dependents?: { name: string; id: string; type: string }[];
  /** With `ingest_rejected`: what was measured, and what would be let in. */
  failing?: { metric: string; score?: number; least: number; reason?: string }[];
}

/**
 * The error that is thrown at a caller. Its name holds the code as well: a caller whose compatibility date is before
 * 2026-04-21 (`enhanced_error_serialization`) gets name and message of an error and no properties.
 */
export function toRemoteError(refusal: RegistryError, requestId: string): Error {
  const { code, status } = refusal;
  const name = `RegistryError [${code}]`;
  return Object.assign(new Error(refusal.message), { name, code, status, ...refusal.body(), request_id: requestId });
}

/**
 * What the registry said no with, or undefined for an error that is not one of its refusals.
 *
 * @example
 * try {
 *   await env.REGISTRY.remove({ type: "model", id });
 * } catch (error) {
 *   if (asRefusal(error)?.code !== "artifact_not_found") throw error;
 * }
 */
export function asRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  // Without its properties, an error of a name of its own arrives as "Error: <name>: <message>".
  const [, code = "", detail = ""] = /^(?:Error: )?RegistryError \[(\w+)\]: (.*)$/s.exec(String(error)) ?? [];
  if (!isErrorCode(code)) return undefined;
  const { request_id, dependents, failing } = error as Partial<Refusal>;
  const { status } = refusalOf(code);
  return {
    code,
    status,
    detail,
    ...(request_id && { request_id }),
    ...(dependents && { dependents }),
    ...(failing && { failing }),
  };
}
