/**
 * Evidence: what one ingest learned from upstream, each finding with its source, its time and its digest.
 *
 * Invariant: whatever rates, explains or renews a rating reads this record and nothing else.
 */

import type {
  CommitAuthor,
  Contributor,
  DatasetEvidence,
  Finding,
  GitHubRepository,
  GitLabProject,
  HubRecord,
  JsonObject,
  ParentEvidence,
  RepositoryTree,
  ReviewRecord,
  WebHead,
} from "../sources/findings.ts";

export type * from "../sources/findings.ts";

/** The code repository that belongs to a model (named by its card), or that is itself the artifact. */
export interface CodeEvidence {
  /** `owner/repo`. */
  repository: string;
  /** Where it was named: `readme`, `card`, `framework` (only a framework was named), or `source` (it is the artifact). */
  named_by: "readme" | "card" | "framework" | "source";
  record: Finding<GitHubRepository>;
  contributors: Finding<Contributor[]>;
  tree: Finding<RepositoryTree>;
  /** SPDX id or raw licence text's name, from `/license`. */
  license: Finding<string>;
  reviews: Finding<ReviewRecord>;
  /** Its README, which may say whose code it is. Absent in evidence of format 1, and for frameworks. */
  readme?: Finding<string>;
}

/** What a configuration of a model names that makes a loader run code; see `hooksOf`. */
export interface ConfigEvidence {
  path: string;
  hooks: Finding<string[]>;
}

/**
 * Version of the evidence that is collected now. Format 1 (the key is absent) has no `createdAt`, no scan of the hub, no README
 * of the code repository, no configurations but two, and counts reviews by anybody.
 */
export const EVIDENCE_FORMAT = 2;

/** All that one ingest of a model learned. Every metric is a pure function of this record. */
export interface ModelEvidence {
  kind?: "model";
  /** See `EVIDENCE_FORMAT`. */
  format?: number;
  /** Its own files are all that is known of it: nobody was asked, and nobody will be. */
  uploaded?: true;
  /** Canonical source id, `google-bert/bert-base-uncased`. */
  source: string;
  /** When the collection began, ISO 8601. */
  collected_at: string;
  record: Finding<HubRecord>;
  /** `README.md` as text, front matter included. */
  readme: Finding<string>;
  /** The YAML front matter of the card: the hub's `cardData` or, where that is missing, parsed from the README. */
  card: Finding<JsonObject>;
  config: Finding<JsonObject>;
  adapter_config: Finding<JsonObject>;
  /** The other configurations at the top of the repository. */
  configs?: ConfigEvidence[];
  datasets: DatasetEvidence[];
  /** Datasets that the results of the card name and that it does not declare, as far as they were asked for. */
  result_datasets?: DatasetEvidence[];
  /** The first few declared parents; the others were not asked for. */
  parents?: ParentEvidence[];
  /** Absent when the card names no code repository. */
  code?: CodeEvidence;
  /** Authors of the model repository's own commits. Before format 2 asked only when there is no code repository. */
  commit_authors: Finding<CommitAuthor[]>;
  /** Of an upload: what our own inspection of its bytes says. */
  inspection?: "safe" | "unsafe" | "unknown";
}

/** What was learned of an artifact that lives on the hub but is no model: a dataset, the code of a space. */
export interface HubSourceEvidence {
  kind: "hub";
  source: string;
  /** ISO 8601. */
  collected_at: string;
  record: Finding<HubRecord>;
  readme: Finding<string>;
  card: Finding<JsonObject>;
}

/** What was learned of an artifact that is a repository on GitHub. Its contributors and reviews are not asked for. */
export interface GitHubSourceEvidence {
  kind: "github";
  source: string;
  /** ISO 8601. */
  collected_at: string;
  code: CodeEvidence;
}

/** What was learned of an artifact that is a project on GitLab. */
export interface GitLabSourceEvidence {
  kind: "gitlab";
  source: string;
  /** ISO 8601. */
  collected_at: string;
  project: Finding<GitLabProject>;
  readme: Finding<string>;
}

/** What was learned of an artifact somewhere else on the web. */
export interface WebSourceEvidence {
  kind: "web";
  source: string;
  /** ISO 8601. */
  collected_at: string;
  head: Finding<WebHead>;
}

/** The evidence of one ingest, by what was asked. A model's may lack its `kind`. */
export type Evidence =
  | ModelEvidence
  | HubSourceEvidence
  | GitHubSourceEvidence
  | GitLabSourceEvidence
  | WebSourceEvidence;

/** Whether evidence is of a model, and so can be rated. */
export function isModelEvidence(evidence: Evidence): evidence is ModelEvidence {
  return evidence.kind === undefined || evidence.kind === "model";
}
