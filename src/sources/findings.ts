/**
 * What an upstream answered, in our words: a finding says either what was found, where and when, or why not.
 *
 * Invariant: "there is none" (`absent`) is never mixed up with "could not be fetched" (`unavailable`): the first lets a
 * metric score 0, the second makes it unavailable.
 */

/** A JSON object of unknown shape, as upstream sent it. */
export type JsonObject = Record<string, unknown>;

/** Something that upstream answered: the parsed value, where it came from, when (ISO 8601), SHA-256 (hex) of the body. */
export interface Found<T> {
  status: "found";
  value: T;
  url: string;
  fetched_at: string;
  sha256: string;
}

/**
 * Something that is not there, and why:
 * - `absent`: upstream says there is none (404, not among the listed files, nothing named on the card);
 * - `unavailable`: it could not be fetched (time-out, 5xx, rate limit, forbidden, not asked for want of a token);
 * - `unreadable`: it is there, but is not what it should be (not JSON, broken YAML, larger than what is read, another digest).
 *   Whoever published it can make it so, so no metric may become unavailable by it.
 */
export interface Missing {
  status: "absent" | "unavailable" | "unreadable";
  reason: string;
  url?: string;
}

/** The outcome of one question to an upstream. */
export type Finding<T> = Found<T> | Missing;

/**
 * One file of an upstream repository. `size` in bytes; `sha256` in hex where upstream gives one, `git_sha1` where it gives
 * that of git instead: SHA-1 over `blob <size>\0` and the bytes.
 */
export interface UpstreamFile {
  path: string;
  size?: number;
  sha256?: string;
  git_sha1?: string;
}

/** What the hub's own scanners say of a repository (`securityStatus=true`). */
export interface HubScan {
  /** Whether every file has been scanned. */
  done: boolean;
  /** `level` is `unsafe`, `suspicious`, `caution`, or a word of the hub that we do not know. */
  issues: { path: string; level: string }[];
}

/** The part that we use of a Hugging Face model or dataset record (`/api/models/{id}?blobs=true&securityStatus=true`). */
export interface HubRecord {
  /** The id as the hub spells it, after its redirects. */
  id: string;
  /** Commit that the record describes. */
  sha?: string;
  author?: string;
  private: boolean;
  /** Any kind of gate (`"auto"`, `"manual"`, `true`). */
  gated: boolean;
  /** How the gate opens: `auto` to whoever accepts the terms, `manual` when a person says so. Absent where the hub says neither. */
  gate?: "auto" | "manual";
  disabled: boolean;
  downloads?: number;
  likes?: number;
  /** ISO 8601. */
  last_modified?: string;
  /** When the hub made the repository, ISO 8601. The hub sets it, not the publisher. */
  created_at?: string;
  pipeline_tag?: string;
  library_name?: string;
  tags: string[];
  /** The card's YAML as the hub parsed it; absent when the card has none or the hub could not read it. */
  card_data?: JsonObject;
  files: UpstreamFile[];
  /** Absent where it was not asked for, or the hub did not answer it. */
  scan?: HubScan;
}

/** The part that we use of a GitHub repository record (`/repos/{owner}/{repo}`). */
export interface GitHubRepository {
  /** `owner/repo` as GitHub spells it. */
  full_name: string;
  default_branch: string;
  archived: boolean;
  disabled: boolean;
  fork: boolean;
  private: boolean;
  description?: string;
  /** ISO 8601. */
  pushed_at?: string;
  stars?: number;
  /** SPDX id that GitHub recognised; absent for none, `NOASSERTION` for a text that it does not know. */
  license_spdx?: string;
  /** GitHub's `size`, in bytes (it reports KiB). */
  size?: number;
}

/** One contributor of a code repository. */
export interface Contributor {
  login: string;
  contributions: number;
}

/** A recursive listing of a code repository. `truncated`: GitHub cut it. */
export interface RepositoryTree {
  paths: UpstreamFile[];
  truncated: boolean;
}

/** How much of the last commits was approved by a second person, in added lines of the default branch. */
export interface ReviewRecord {
  commits: number;
  added_lines: number;
  /** Added lines that came by a merged pull request which somebody other than its author approved. */
  reviewed_lines: number;
  /** How many people gave those approvals. Absent in records from before only approvals by members were counted. */
  reviewers?: number;
}

/** An author of the commits of a model repository. */
export interface CommitAuthor {
  name: string;
  commits: number;
}

/** A dataset that a model declares, and its record on the hub. */
export interface DatasetEvidence {
  id: string;
  record: Finding<HubRecord>;
}

/** A model that the model descends from, and its record: its present name, and what a light score of it needs. */
export interface ParentEvidence {
  /** The id as the model spells it. */
  id: string;
  record: Finding<HubRecord>;
}

/** The part that we use of a GitLab project. */
export interface GitLabProject {
  /** `group/sub/project` as GitLab spells it. */
  path: string;
  default_branch?: string;
  archived: boolean;
  description?: string;
  /** GitLab's key of the licence, `apache-2.0`; absent for none. */
  license?: string;
  /** ISO 8601. */
  last_activity_at?: string;
  stars?: number;
  /** Path of the README on the default branch. */
  readme_path?: string;
}

/** What the head of a web resource says. `size` in bytes. */
export interface WebHead {
  size?: number;
  content_type?: string;
  etag?: string;
  /** ISO 8601. */
  last_modified?: string;
}
