/**
 * GitHub: what is known of a code repository, each answer as a finding.
 *
 * Its rate limit is small, so answers are asked for again only if they have changed, and nothing is asked while the
 * budget is known to be used up.
 */

import { GITHUB_FRESH_MS, README_MAX_BYTES, UPSTREAM_JSON_MAX_BYTES } from "../limits.ts";
import type { Contributor, Finding, GitHubRepository, Missing, RepositoryTree, ReviewRecord } from "./findings.ts";
import { type Budget, notePause, pausedUntil, recall, remember } from "./github-cache.ts";
import {
  type GitHubLicense,
  readContributors,
  readLicense,
  readRepository,
  readReviews,
  readTree,
} from "./github-records.ts";
import { decodeText, parseJsonObject } from "./json.ts";
import { encodePath } from "./paths.ts";
import type { SafeRequest, SafeResponse } from "./safe-fetch.ts";
import { ask, failure, missingFor, toFinding, type Upstream } from "./upstream.ts";

const JSON_TYPE = "application/vnd.github+json";
const RAW_TYPE = "application/vnd.github.raw+json";
const API_VERSION = "2022-11-28";

const REFUSED = "GitHub refused to answer";

const REVIEWS_QUERY = `query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { defaultBranchRef { target { ... on Commit { history(first: 100) { nodes {
    additions parents { totalCount }
    associatedPullRequests(first: 1) { nodes { merged author { login __typename }
      reviews(first: 20) { nodes { author { login __typename } state authorAssociation } } } }
  } } } } } } }`;

/** Questions about repositories on GitHub. Each takes `owner/repo`. */
export interface GitHub {
  repository(repo: string): Promise<Finding<GitHubRepository>>;
  /** The bytes of the README, whatever its name. */
  readme(repo: string): Promise<Finding<Uint8Array<ArrayBuffer>>>;
  /** The hundred busiest contributors. */
  contributors(repo: string): Promise<Finding<Contributor[]>>;
  /** All files of a branch. */
  tree(repo: string, branch: string): Promise<Finding<RepositoryTree>>;
  license(repo: string): Promise<Finding<GitHubLicense>>;
  /** Reviews of the last hundred commits; only with a token. */
  reviews(repo: string): Promise<Finding<ReviewRecord>>;
}

/** Our token may see what its owner keeps private; whoever asks the registry may not. */
function hidePrivate(record: Finding<GitHubRepository>): Finding<GitHubRepository> {
  if (record.status !== "found" || !record.value.private) return record;
  return { status: "absent", reason: "not public", url: record.url };
}

/** A client for one ingest. */
export function createGitHub(upstream: Upstream): GitHub {
  const base = upstream.githubApiUrl.replace(/\/+$/, "");
  // asked of the cache once for each budget, then kept up to date by the answers
  const pauses = new Map<Budget, Promise<number | undefined>>();

  function request(url: string, accept: string, maxBytes: number): Omit<SafeRequest, "signal"> {
    const headers: Record<string, string> = { Accept: accept, "X-GitHub-Api-Version": API_VERSION };
    if (upstream.githubToken !== undefined) headers["Authorization"] = `Bearer ${upstream.githubToken}`;
    return { url, headers, maxBytes, hosts: { origins: [new URL(base).origin] } };
  }

  async function paused(budget: Budget, url: string): Promise<Missing | undefined> {
    const known = pauses.get(budget) ?? pausedUntil(upstream, budget);
    pauses.set(budget, known);
    const until = await known;
    return until === undefined || until <= upstream.now() ? undefined : limited(until, url);
  }

  async function explain(budget: Budget, response: SafeResponse): Promise<Missing> {
    const until = await note(budget, response);
    if (until !== undefined && (response.status === 403 || response.status === 429))
      return limited(until, response.url);
    if (response.status === 401) return unavailable("GITHUB_TOKEN was refused", response.url);
    // an empty repository has no tree and no commits
    if (response.status === 409) return { status: "absent", reason: "the repository is empty", url: response.url };
    // forbidden without a limit: a history too large to list contributors, a repository taken down
    if (response.status === 403) return unavailable(REFUSED, response.url);
    return missingFor(response.status, response.url);
  }

  async function note(budget: Budget, response: SafeResponse): Promise<number | undefined> {
    const until = await notePause(upstream, budget, response);
    if (until !== undefined) pauses.set(budget, Promise.resolve(until));
    return until;
  }

  async function get<T>(
    path: string,
    read: (bytes: Uint8Array<ArrayBuffer>) => T,
    accept = JSON_TYPE,
    maxBytes = UPSTREAM_JSON_MAX_BYTES,
  ): Promise<Finding<T>> {
    const asked = request(base + path, accept, maxBytes);
    try {
      const pause = await paused("rest", asked.url);
      if (pause !== undefined) return pause;
      const question = `${accept} ${path}`;
      const kept = await recall(upstream, question);
      const isFresh = kept !== undefined && upstream.now() - kept.keptAt < GITHUB_FRESH_MS;
      if (isFresh && upstream.githubToken === undefined) {
        const answer = { status: 200, headers: new Headers(), bytes: kept.bytes, url: kept.url };
        return await toFinding(upstream, asked.url, answer, read);
      }
      if (kept !== undefined) asked.headers = { ...asked.headers, "If-None-Match": kept.etag };
      const response = await ask(upstream, asked);
      if (response.status === 304 && kept !== undefined) {
        await note("rest", response);
        return await toFinding(upstream, asked.url, { ...response, bytes: kept.bytes, url: kept.url }, read);
      }
      if (response.status < 200 || response.status >= 300) return await explain("rest", response);
      await note("rest", response);
      await remember(upstream, question, response);
      return await toFinding(upstream, asked.url, response, read);
    } catch (error) {
      return failure(error, asked.url);
    }
  }

  async function reviews(repo: string): Promise<Finding<ReviewRecord>> {
    const url = base.endsWith("/api/v3") ? `${base.slice(0, -"/v3".length)}/graphql` : `${base}/graphql`;
    if (upstream.githubToken === undefined) return unavailable("no GITHUB_TOKEN", url);
    try {
      const pause = await paused("graphql", url);
      if (pause !== undefined) return pause;
      const [owner, name] = repo.split("/");
      const asked = request(url, JSON_TYPE, UPSTREAM_JSON_MAX_BYTES);
      const response = await ask(upstream, {
        ...asked,
        method: "POST",
        headers: { ...asked.headers, "Content-Type": "application/json" },
        body: JSON.stringify({ query: REVIEWS_QUERY, variables: { owner, name } }),
      });
      if (response.status !== 200) return await explain("graphql", response);
      await note("graphql", response);
      const refused = graphQlError(response);
      return refused === undefined ? await toFinding(upstream, url, response, readReviews) : unavailable(refused, url);
    } catch (error) {
      return failure(error, url);
    }
  }

  return {
    repository: async (repo) => hidePrivate(await get(`/repos/${encodePath(repo)}`, readRepository)),
    readme: (repo) => get(`/repos/${encodePath(repo)}/readme`, (bytes) => bytes, RAW_TYPE, README_MAX_BYTES),
    contributors: async (repo) =>
      tooLong(await get(`/repos/${encodePath(repo)}/contributors?per_page=100`, readContributors)),
    tree: (repo, branch) => get(`/repos/${encodePath(repo)}/git/trees/${encodePath(branch)}?recursive=1`, readTree),
    license: (repo) => get(`/repos/${encodePath(repo)}/license`, readLicense),
    reviews,
  };
}

/**
 * GitHub lists no contributors of a history that is too large. Anybody can make such a history, so this must not make a
 * metric unavailable.
 */
function tooLong<T>(contributors: Finding<T>): Finding<T> {
  if (contributors.status !== "unavailable" || contributors.reason !== REFUSED) return contributors;
  return { ...contributors, status: "unreadable" };
}

function unavailable(reason: string, url: string): Missing {
  return { status: "unavailable", reason, url };
}

function limited(until: number, url: string): Missing {
  return unavailable(`rate limited until ${new Date(until).toISOString()}`, url);
}

/** GraphQL says no with status 200: the kind of its first error. */
function graphQlError(response: SafeResponse): string | undefined {
  try {
    const { errors } = parseJsonObject(decodeText(response.bytes));
    if (!Array.isArray(errors) || errors.length === 0) return undefined;
    const type: unknown = errors[0]?.type;
    return type === "RATE_LIMITED" ? "rate limited" : `GraphQL refused${typeof type === "string" ? `: ${type}` : ""}`;
  } catch {
    return undefined;
  }
}
