/** The results that a card states in its `model-index`, read in one way for whoever asks. */

import type { JsonObject } from "../evidence.ts";
import { asList, asObject, asStrings } from "./result.ts";

/** Results that are looked at: an automatic leaderboard can add hundreds. */
const RESULTS_MAX = 1000;
const DATASETS_OF_RESULTS_MAX = 50;

/** One complete result: an entry of `results` with task, dataset and a metric that has a value. */
export interface Claim {
  /** `type` or name of the dataset. */
  dataset: string;
  metrics: string[];
  /** Where the result was taken from, if it says so. */
  source?: string;
  /** It carries a token of the hub's own evaluation. */
  verified: boolean;
}

const isValue = (value: unknown): boolean =>
  (typeof value === "number" && Number.isFinite(value)) ||
  (typeof value === "string" && /\d/.test(value.slice(0, 100)));
/** The hub's tokens are JSON web tokens; `verified: true` is a word that anybody can write. */
const isToken = (value: unknown): boolean =>
  typeof value === "string" && /^ey[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}$/.test(value.slice(0, 4096));

/** `type` or `name` of a task, dataset or metric, which old cards also write as a bare string. */
function nameOf(value: unknown): string | undefined {
  const { type, name } = asObject(value);
  return asStrings(value)[0] ?? asStrings(type)[0] ?? asStrings(name)[0];
}

/** The complete results of a card. */
export function claimsOf(card: JsonObject): Claim[] {
  const entries = asList(card["model-index"]).flatMap((model) => asList(asObject(model)["results"]));
  return entries.slice(0, RESULTS_MAX).flatMap((entry) => {
    const result = asObject(entry);
    const dataset = nameOf(result["dataset"]);
    const metrics = asList(result["metrics"])
      .map(asObject)
      .filter((metric) => isValue(metric["value"]));
    const names = metrics.flatMap((metric) => nameOf(metric) ?? []);
    if (nameOf(result["task"]) === undefined || dataset === undefined || names.length === 0) return [];
    const [source] = [...asStrings(asObject(result["source"])["url"]), ...asStrings(result["source"])];
    const verified = [result, ...metrics].some((of) => isToken(of["verifyToken"]));
    return [{ dataset, metrics: names, verified, ...(source !== undefined && { source }) }];
  });
}

/** Names of the datasets that the results of a card were measured on, each once, in its order. */
export function datasetsOfResults(card: JsonObject): string[] {
  const names = new Map(claimsOf(card).map(({ dataset }) => [dataset.toLowerCase(), dataset]));
  return [...names.values()].slice(0, DATASETS_OF_RESULTS_MAX);
}
