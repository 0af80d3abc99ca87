/** GitHub's answers, read leniently: of a field with the wrong type nothing is believed, the others still count. */

import { z } from "zod";
import { UPSTREAM_FILES_MAX } from "../limits.ts";
import type { Contributor, GitHubRepository, RepositoryTree, ReviewRecord, UpstreamFile } from "./findings.ts";
import { decodeText, isObject, parseJson, UnreadableError } from "./json.ts";
import { byteCount, count, defined, flag, text } from "./lenient.ts";
import { isSanePath } from "./paths.ts";

/** The licence of a repository: what GitHub takes it for, and its text. */
export interface GitHubLicense {
  /** SPDX id, `NOASSERTION` for a text that GitHub does not know. */
  id: string;
  path?: string;
  bytes?: Uint8Array<ArrayBuffer>;
}

const repository = z.object({
  full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  default_branch: z.string().min(1).max(255).catch("HEAD"),
  archived: flag,
  disabled: flag,
  fork: flag,
  private: flag,
  description: text,
  pushed_at: text,
  stargazers_count: count,
  license: z.object({ spdx_id: text }).optional().catch(undefined),
  size: count,
});

const contributor = z.object({ login: z.string().optional(), name: z.string().optional(), contributions: z.number() });

const license = z.object({
  license: z.object({ spdx_id: text, name: text }).optional().catch(undefined),
  path: z.string().refine(isSanePath).optional().catch(undefined),
  content: z.string().optional().catch(undefined),
  encoding: z.literal("base64").optional().catch(undefined),
});

const actor = z
  .object({ login: z.string(), __typename: z.string().optional().catch(undefined) })
  .optional()
  .catch(undefined);
const pullRequest = z.object({
  merged: flag,
  author: actor,
  reviews: z
    .object({ nodes: z.array(z.object({ author: actor, state: text, authorAssociation: text }).catch({})) })
    .catch({ nodes: [] }),
});
const historyNode = z.object({
  additions: z.number().nonnegative().catch(0),
  parents: z.object({ totalCount: z.number() }).optional().catch(undefined),
  associatedPullRequests: z.object({ nodes: z.array(pullRequest) }).catch({ nodes: [] }),
});
const history = z.object({
  data: z.object({
    repository: z.object({
      // null for an empty repository
      defaultBranchRef: z
        .object({ target: z.object({ history: z.object({ nodes: z.array(z.unknown()) }) }) })
        .nullable(),
    }),
  }),
});

/** @throws UnreadableError without a name. */
export function readRepository(body: Uint8Array): GitHubRepository {
  const { stargazers_count, license: found, size, ...same } = accept(repository, body, "a repository");
  return defined<GitHubRepository>({
    ...same,
    stars: stargazers_count,
    license_spdx: found?.spdx_id,
    size: size === undefined ? undefined : size * 1024,
  });
}

/** Contributors, in GitHub's order. An empty body is GitHub's answer for an empty repository. */
export function readContributors(body: Uint8Array): Contributor[] {
  if (body.byteLength === 0) return [];
  return accept(z.array(z.unknown()), body, "a list of contributors").flatMap((entry) => {
    const parsed = contributor.safeParse(entry).data;
    const login = parsed?.login ?? parsed?.name;
    return parsed === undefined || login === undefined ? [] : [{ login, contributions: parsed.contributions }];
  });
}

/**
 * The files of a tree; what is not a file, or has a path that we would not write, is left out. GitHub ends a tree at 100,000
 * entries, and so do we.
 */
export function readTree(body: Uint8Array): RepositoryTree {
  const shape = z.object({ tree: z.array(z.unknown()), truncated: flag });
  const { tree, truncated } = accept(shape, body, "a tree");
  const paths = tree.slice(0, UPSTREAM_FILES_MAX).flatMap((entry): UpstreamFile[] => {
    if (!isObject(entry) || entry["type"] !== "blob") return [];
    const { path } = entry;
    if (typeof path !== "string" || !isSanePath(path)) return [];
    const size = byteCount(entry["size"]);
    return [{ path, ...(size !== undefined && { size }) }];
  });
  return { paths, truncated: truncated || tree.length > UPSTREAM_FILES_MAX };
}

/** What GitHub takes the licence for: its SPDX id, else its name, else `NOASSERTION`. */
export function readLicense(body: Uint8Array): GitHubLicense {
  const found = accept(license, body, "a licence");
  const id = found.license?.spdx_id ?? found.license?.name ?? "NOASSERTION";
  return defined<GitHubLicense>({ id, path: found.path, bytes: found.encoding && fromBase64(found.content) });
}

/** Who may approve on behalf of the repository. Anybody may review a pull request on GitHub, so the others do not count. */
const MEMBERS: ReadonlySet<string> = new Set(["OWNER", "MEMBER", "COLLABORATOR"]);

/**
 * How many added lines of the last commits came by a merged pull request that somebody else approved. Merge commits
 * repeat the lines of their branch and are left out; a bot is nobody.
 */
export function readReviews(body: Uint8Array): ReviewRecord {
  const branch = accept(history, body, "a commit history").data.repository.defaultBranchRef;
  const record = { commits: 0, added_lines: 0, reviewed_lines: 0 };
  const reviewers = new Set<string>();
  for (const node of branch?.target.history.nodes ?? []) {
    const parsed = historyNode.safeParse(node).data;
    if (parsed === undefined || (parsed.parents?.totalCount ?? 1) > 1) continue;
    record.commits += 1;
    record.added_lines += parsed.additions;
    const approvers = parsed.associatedPullRequests.nodes.flatMap(approversOf);
    if (approvers.length > 0) record.reviewed_lines += parsed.additions;
    for (const login of approvers) reviewers.add(login);
  }
  return { ...record, reviewers: reviewers.size };
}

/** Logins in lower case of those who approved a merged pull request that is not their own. */
function approversOf(pull: z.infer<typeof pullRequest>): string[] {
  if (!pull.merged) return [];
  return pull.reviews.nodes.flatMap(({ author, state, authorAssociation }) => {
    const login = author?.login.toLowerCase();
    const counts =
      author?.__typename !== "Bot" &&
      state === "APPROVED" &&
      MEMBERS.has(authorAssociation ?? "") &&
      // who opened a pull request cannot approve it; where the account is gone, that is not known
      pull.author !== undefined &&
      login !== pull.author.login.toLowerCase();
    return counts && login !== undefined ? [login] : [];
  });
}

function accept<T>(shape: z.ZodType<T>, body: Uint8Array, what: string): T {
  const parsed = shape.safeParse(parseJson(decodeText(body)));
  if (!parsed.success) throw new UnreadableError(`not ${what}`);
  return parsed.data;
}

function fromBase64(content: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (content === undefined) return undefined;
  try {
    return Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
