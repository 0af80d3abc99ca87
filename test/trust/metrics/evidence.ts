/** Builders of evidence records, for tests: everything found and empty, to be overridden where a test looks. */

import {
  type CodeEvidence,
  type ConfigEvidence,
  EVIDENCE_FORMAT,
  type Finding,
  type Found,
  type GitHubRepository,
  type HubRecord,
  type JsonObject,
  type Missing,
  type ModelEvidence,
} from "../../../src/trust/evidence.ts";
import type { Json, MetricResult } from "../../../src/trust/metrics/result.ts";
import type { Standing } from "../../../src/trust/metrics/standing.ts";

export const NOW = "2026-10-20T12:00:00.000Z";

export function found<T>(value: T, url = "https://hub.test/x"): Found<T> {
  return { status: "found", value, url, fetched_at: NOW, sha256: "0".repeat(64) };
}

export const ABSENT: Missing = { status: "absent", reason: "404" };
export const DOWN: Missing = { status: "unavailable", reason: "timed out" };
export const BROKEN: Missing = { status: "unreadable", reason: "not YAML" };

export function hubRecord(over: Partial<HubRecord> = {}): HubRecord {
  return { id: "acme/owl", private: false, gated: false, disabled: false, tags: [], files: [], ...over };
}

export function files(...paths: string[]): HubRecord["files"] {
  return paths.map((path) => ({ path, size: 1000 }));
}

export function repository(over: Partial<GitHubRepository> = {}): GitHubRepository {
  return {
    full_name: "acme/owl-code",
    default_branch: "main",
    archived: false,
    disabled: false,
    fork: false,
    private: false,
    pushed_at: NOW,
    ...over,
  };
}

export function code(over: Partial<CodeEvidence> = {}): CodeEvidence {
  return {
    repository: "acme/owl-code",
    named_by: "readme",
    readme: found("# acme/owl-code"),
    record: found(repository(), "https://github.test/repo"),
    contributors: found([]),
    tree: found({ paths: [], truncated: false }),
    license: ABSENT,
    reviews: ABSENT,
    ...over,
  };
}

export const tree = (...paths: string[]): CodeEvidence["tree"] =>
  found({ paths: paths.map((path) => ({ path })), truncated: false });

/** Somebody stands behind model and code in full, so that no cap decides. */
export const FULL: Standing = { cap: 1, inputs: {} };

export interface Over {
  source?: string;
  record?: Finding<HubRecord> | Partial<HubRecord>;
  readme?: Finding<string> | string;
  card?: Finding<JsonObject>;
  config?: Finding<JsonObject>;
  adapter_config?: Finding<JsonObject>;
  configs?: ConfigEvidence[];
  result_datasets?: ModelEvidence["datasets"];
  uploaded?: true;
  format?: number;
  collected_at?: string;
  datasets?: ModelEvidence["datasets"];
  code?: CodeEvidence;
  commit_authors?: ModelEvidence["commit_authors"];
}

export function evidence(over: Over = {}): ModelEvidence {
  const { record, readme, ...rest } = over;
  return {
    format: EVIDENCE_FORMAT,
    source: "acme/owl",
    collected_at: NOW,
    card: found({}),
    config: found({}),
    adapter_config: ABSENT,
    datasets: [],
    commit_authors: ABSENT,
    ...rest,
    record: record && "status" in record ? record : found(hubRecord(record), "https://hub.test/record"),
    readme: readme === undefined ? ABSENT : typeof readme === "string" ? found(readme) : readme,
  };
}

/** The score, or "unavailable: <reason>". */
export function score<S>(result: MetricResult<S>): S | string {
  return result.available ? result.score : `unavailable: ${result.reason}`;
}

export function inputs<S>(result: MetricResult<S>): Record<string, Json> {
  if (!result.available) throw new Error(result.reason);
  return result.inputs;
}

export const words = (count: number): string => "word ".repeat(count);
