/** Builders of evidence records, for tests: everything found and empty, to be overridden where a test looks. */

import type {
  CodeEvidence,
  Finding,
  Found,
  GitHubRepository,
  HubRecord,
  JsonObject,
  Missing,
  ModelEvidence,
} from "../../../src/trust/evidence.ts";
import type { Json, MetricResult } from "../../../src/trust/metrics/result.ts";

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
    related: true,
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

export interface Over {
  source?: string;
  record?: Finding<HubRecord> | Partial<HubRecord>;
  readme?: Finding<string> | string;
  card?: Finding<JsonObject>;
  config?: Finding<JsonObject>;
  datasets?: ModelEvidence["datasets"];
  code?: CodeEvidence;
  commit_authors?: ModelEvidence["commit_authors"];
}

export function evidence(over: Over = {}): ModelEvidence {
  const { record, readme, ...rest } = over;
  return {
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
