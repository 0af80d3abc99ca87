/** The shapes of single settings: how the text of a variable is read, and which text is refused. */

import { z } from "zod";
import { READ_ONLY, SCOPES, type Scope } from "./auth/scopes.ts";
import { PASSWORD_MIN_CHARS } from "./limits.ts";

/** An http or https URL, without slashes at its end. */
export const endpoint = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

/** A secret or a list that is set to nothing counts as not set. */
export const optional = z
  .string()
  .optional()
  .transform((text) => text?.trim() || undefined);

/** What a gate may ask for: the ten scalar metrics, the mean of `size_score`, the net of them all, and the signals. */
const GATE_METRICS = [
  "net_score",
  "ramp_up_time",
  "bus_factor",
  "performance_claims",
  "license",
  "dataset_and_code_score",
  "dataset_quality",
  "code_quality",
  "reproducibility",
  "reviewedness",
  "tree_score",
  "size_score",
  "code_link",
  "artifact_safety",
  "maturity",
  "openness",
  "card_sections",
  "license_text",
] as const;

/** Metric -> least score, 0..1. */
export type Gate = Partial<Record<(typeof GATE_METRICS)[number], number>>;

/** JSON of metric -> least score. A metric that does not exist would refuse every model, so it is a mistake. */
export const gate = z
  .string()
  .default('{"reviewedness":0.5}')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("is not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.partialRecord(z.enum(GATE_METRICS), z.number().min(0).max(1)));

/** Names of namespaces on the hub, separated by spaces or commas; in lower case. */
export const namespaces = optional.transform((text, context) => {
  const names = text?.split(/[\s,]+/).filter((name) => name !== "") ?? [];
  const invalid = names.find((name) => !/^[\w.-]{1,96}$/.test(name));
  if (invalid === undefined) return new Set(names.map((name) => name.toLowerCase())) as ReadonlySet<string>;
  context.addIssue(`${invalid} is no namespace: list them like "openai google-bert"`);
  return z.NEVER;
});

/** Host names, separated by spaces: `*.` before one stands for all below it, `*` for any. */
export const hosts = optional
  .transform((list) => list?.toLowerCase().split(/[\s,]+/))
  .pipe(
    z
      .array(
        z.union([
          z.literal("*"),
          z
            .string()
            .regex(/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$|^\[[0-9a-f:]+\]$/, "is not a host name without a port"),
        ]),
      )
      .optional(),
  );

/** The most that there may be of something; nothing for no bound. */
export const bound = optional
  .transform((text) => (text === undefined ? undefined : Number(text)))
  .pipe(z.int().min(0).optional());

/** Names of scopes, separated by spaces. */
export const scopes = optional.transform((text, context) => {
  const names = text?.split(/[\s,]+/) ?? READ_ONLY;
  const unknown = names.find((name) => !(SCOPES as string[]).includes(name));
  if (unknown === undefined) return names as readonly Scope[];
  context.addIssue(`there is no scope ${unknown}`);
  return z.NEVER;
});

/** A password is taken as it is, but for the line break that the shell put behind it. */
export const password = z
  .string()
  .optional()
  .transform((text) => text?.replace(/\r?\n$/, "") || undefined)
  .pipe(z.string().min(PASSWORD_MIN_CHARS).optional());
