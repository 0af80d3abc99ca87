/**
 * The routes of api.github.com that a registry asks, and the two of gitlab.com.
 *
 * Invariant: every sound GitHub answer has the rate-limit headers, and an ETag if it can be asked for again.
 */

import { writeZip } from "../../src/zip/zip-writer.ts";
import { type CodeRepo, findCode, hex, type Json } from "./catalogue.ts";
import { faultFor } from "./faults.ts";
import { digest, encoder, factsOf } from "./files.ts";
import type { Call } from "./hub.ts";

// --- api.github.com ---

export async function github(call: Call): Promise<Response | undefined> {
  const { request, path } = call;
  const [, fullName = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  if (!fullName && path !== "/graphql") return undefined;
  // A Worker's fetch sends none by itself, and GitHub insists.
  if (!request.headers.get("user-agent")) {
    return new Response("Please make sure your request has a User-Agent header", { status: 403 });
  }
  if (!fullName) return graphql(call);
  return faultFor(fullName, undefined, request, "github") ?? finish(request, await route(call, fullName, rest));
}

async function finish(request: Request, answer: Response): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const limit = request.headers.has("authorization") ? 5000 : 60;
  const headers = new Headers(answer.headers);
  headers.set("x-ratelimit-limit", String(limit));
  headers.set("x-ratelimit-remaining", String(limit - 1));
  headers.set("x-ratelimit-reset", String(Math.floor(Date.now() / 1000) + 3600));
  if (answer.status === 200 && request.method !== "POST") {
    const etag = `W/"${await digest("SHA-256", bytes)}"`;
    headers.set("etag", etag);
    const seen = (request.headers.get("if-none-match") ?? "").split(/\s*,\s*/).includes(etag);
    if (seen) return new Response(null, { status: 304, headers });
  }
  headers.set("content-length", String(bytes.byteLength));
  return new Response(bytes, { status: answer.status, headers });
}

function missing(): Response {
  const body = { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" };
  return Response.json(body, { status: 404 });
}

async function route(call: Call, fullName: string, rest: string): Promise<Response> {
  const repo = findCode("github", fullName);
  if (!repo || (repo.private && !call.known)) return missing();
  if (rest === "") return Response.json(record(repo));
  if (rest === "/readme") return contentOf(call, repo, "README.md");
  if (rest === "/license" && repo.license) return contentOf(call, repo, "LICENSE");
  const [, commit] = /^\/commits\/([^/]+)$/.exec(rest) ?? [];
  if (commit === "HEAD" || commit === repo.branch) {
    return new Response(headOf(repo), { headers: { "content-type": "application/vnd.github.sha; charset=utf-8" } });
  }
  const [, archived] = /^\/zipball\/([0-9a-f]{40})$/.exec(rest) ?? [];
  if (archived === headOf(repo)) {
    const at = call.loopback ? "/codeload" : "https://codeload.github.com";
    return new Response(null, {
      status: 302,
      headers: { location: `${at}/${repo.fullName}/legacy.zip/${archived}${ticketOf(repo)}` },
    });
  }
  const perPage = Number(call.url.searchParams.get("per_page") ?? 30);
  if (rest === "/contributors") return Response.json(contributorsOf(repo).slice(0, perPage));
  if (rest === "/commits") return Response.json(commitsOf(repo).slice(0, perPage));
  const [, ref] = /^\/git\/trees\/([^/]+)$/.exec(rest) ?? [];
  return ref === repo.branch || ref === "HEAD" ? Response.json(await treeOf(repo, ref)) : missing();
}

const headOf = (repo: CodeRepo): string => hex(`${repo.fullName}:commit:0`, 40);

/** Of a private repository, the archive's URL is the permission: it has a ticket of its own, in place of the token. */
const ticketOf = (repo: CodeRepo): string => (repo.private ? `?token=${hex(`${repo.fullName}:ticket`, 32)}` : "");

/** `codeload.github.com`: the archive of a commit, made while it is sent, so that it has no length and no ranges. */
export async function codeload({ request, url, path }: Call): Promise<Response | undefined> {
  const [, fullName = "", commit = ""] =
    /^(?:\/codeload)?\/([^/]+\/[^/]+)\/legacy\.zip\/([0-9a-f]{40})$/.exec(path) ?? [];
  const repo = fullName ? findCode("github", fullName) : undefined;
  if (!repo || commit !== headOf(repo) || url.search !== ticketOf(repo)) return undefined;
  if (request.headers.has("authorization")) return new Response("no tokens here", { status: 400 });
  const root = `${repo.fullName.replace("/", "-")}-${commit.slice(0, 7)}`;
  const files = await Promise.all(
    Object.entries(repo.files).map(async ([name, content]) => ({
      path: `${root}/${name}`,
      bytes: (await factsOf(repo.fullName, name, content)).bytes ?? new Uint8Array(),
    })),
  );
  const zip = writeZip(files);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(zip.slice(at, at + 60_000));
      at += 60_000;
      if (at >= zip.length) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/zip" } });
}

function licenseOf(repo: CodeRepo): Json | null {
  if (!repo.license) return null;
  const { key, name, spdx } = repo.license;
  return { key, name, spdx_id: spdx, url: `https://api.github.com/licenses/${key}`, node_id: hex(key, 16) };
}

function record(repo: CodeRepo): Json {
  const [owner, name] = repo.fullName.split("/");
  return {
    id: Number.parseInt(hex(repo.fullName, 7), 16),
    name,
    full_name: repo.fullName,
    private: repo.private,
    owner: { login: owner, type: "Organization" },
    html_url: `https://github.com/${repo.fullName}`,
    description: "Code of the offline hub.",
    fork: false,
    url: `https://api.github.com/repos/${repo.fullName}`,
    created_at: "2018-10-25T22:57:34Z",
    updated_at: repo.pushedAt,
    pushed_at: repo.pushedAt,
    size: repo.sizeKiB,
    stargazers_count: repo.stars,
    forks_count: Math.floor(repo.stars / 4),
    language: "Python",
    archived: repo.archived,
    disabled: false,
    open_issues_count: 3,
    license: licenseOf(repo),
    topics: [],
    visibility: repo.private ? "private" : "public",
    default_branch: repo.branch,
  };
}

const contributorsOf = (repo: CodeRepo): Json[] =>
  Object.entries(repo.contributors).map(([login, contributions], i) => ({
    login,
    id: i + 1,
    type: "User",
    contributions,
  }));

const commitsOf = (repo: CodeRepo): Json[] =>
  history(repo).map(({ oid, author: { user } }) => ({
    sha: oid,
    author: { login: user.login },
    commit: { author: { name: user.login } },
  }));

async function contentOf(call: Call, repo: CodeRepo, path: string): Promise<Response> {
  const text = repo.files[path];
  if (typeof text !== "string") return missing();
  if ((call.request.headers.get("accept") ?? "").includes("raw")) {
    return new Response(text, { headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" } });
  }
  const { blobId, size } = await factsOf(repo.fullName, path, text);
  // Base64 in lines of 60, each with its line break, as GitHub sends it.
  const content = btoa(String.fromCharCode(...encoder.encode(text))).replace(/.{1,60}/g, "$&\n");
  return Response.json({
    name: path,
    path,
    sha: blobId,
    size,
    html_url: `https://github.com/${repo.fullName}/blob/${repo.branch}/${path}`,
    download_url: `https://raw.githubusercontent.com/${repo.fullName}/${repo.branch}/${path}`,
    type: "file",
    content,
    encoding: "base64",
    ...(path === "LICENSE" ? { license: licenseOf(repo) } : {}),
  });
}

async function treeOf(repo: CodeRepo, ref: string): Promise<Json> {
  const paths = Object.keys(repo.files);
  const folders = new Set(paths.flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))));
  const trees = [...folders].map((path) => ({
    path,
    mode: "040000",
    type: "tree",
    sha: hex(repo.fullName + path, 40),
  }));
  const files = Object.entries(repo.files).map(async ([path, content]) => {
    const { blobId, size } = await factsOf(repo.fullName, path, content);
    return { path, mode: "100644", type: "blob", sha: blobId, size };
  });
  const tree = [...trees, ...(await Promise.all(files))];
  return { sha: hex(`${repo.fullName}:${ref}`, 40), tree, truncated: false };
}

/**
 * The last commits. Those without a review by somebody else come in the three ways that are easily mistaken for one:
 * pushed without a pull request, a pull request that nobody looked at, one that only its author approved.
 */
function history(repo: CodeRepo) {
  const logins = Object.keys(repo.contributors);
  const person = (login: string) => ({ __typename: "User", login });
  const pick = (i: number) => logins[i % logins.length] ?? "ghost";
  return Array.from({ length: Math.min(repo.commits, 100) }, (_, i) => {
    const author = person(pick(i));
    const byOther = (i % 20) + 1 <= repo.reviewed * 20;
    const reviewer = byOther ? (logins.length > 1 ? pick(i + 1) : "visitor") : i % 3 === 1 ? author.login : undefined;
    const reviews = {
      nodes: reviewer ? [{ author: person(reviewer), state: "APPROVED", authorAssociation: "MEMBER" }] : [],
    };
    const pull = { number: i + 1, merged: true, author, reviews };
    return {
      oid: hex(`${repo.fullName}:commit:${i}`, 40),
      additions: 10 + (i % 5) * 4,
      author: { user: author },
      parents: { totalCount: 1 },
      associatedPullRequests: { nodes: !byOther && i % 3 === 0 ? [] : [pull] },
    };
  });
}

/**
 * `POST /graphql`: whatever the query selects, the answer holds the default branch's history with pull requests and
 * reviews. The repository is read from the variables (`owner`, and `name` or `repo`) or from the query's literals.
 */
async function graphql({ request, known }: Call): Promise<Response> {
  if (request.method !== "POST") return finish(request, missing());
  if (!request.headers.has("authorization")) {
    return finish(request, Response.json({ message: "Requires authentication", status: "401" }, { status: 401 }));
  }
  const { query, variables = {} } = (await request.json()) as { query?: unknown; variables?: Json };
  const literal = /repository\s*\(\s*owner:\s*"([^"]*)"\s*,?\s*name:\s*"([^"]*)"/.exec(String(query));
  const name = `${literal?.[1] ?? variables["owner"]}/${literal?.[2] ?? variables["name"] ?? variables["repo"]}`;
  const fault = faultFor(name, undefined, request, "github");
  if (fault) return fault;
  const repo = findCode("github", name);
  if (!repo || (repo.private && !known)) {
    const message = `Could not resolve to a Repository with the name '${name}'.`;
    const errors = [{ type: "NOT_FOUND", path: ["repository"], message }];
    return finish(request, Response.json({ data: { repository: null }, errors }));
  }
  const pageInfo = { hasNextPage: repo.commits > 100, endCursor: null };
  const target = { history: { totalCount: repo.commits, pageInfo, nodes: history(repo) } };
  return finish(request, Response.json({ data: { repository: { defaultBranchRef: { name: repo.branch, target } } } }));
}

// --- gitlab.com ---

export async function gitlab({ request, url, path }: Call): Promise<Response | undefined> {
  const [, encoded, apiFile] = /^\/api\/v4\/projects\/([^/]+)(?:\/repository\/files\/([^/]+)\/raw)?$/.exec(path) ?? [];
  const [, page, rawFile] = /^\/(.+)\/-\/raw\/[^/]+\/(.+)$/.exec(path) ?? [];
  const project = encoded ?? page;
  if (project === undefined) return undefined;
  const repo = findCode("gitlab", decodeURIComponent(project));
  const file = apiFile ?? rawFile;
  const text = file === undefined ? undefined : repo?.files[decodeURIComponent(file)];
  if (typeof text === "string") return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
  if (!repo || file !== undefined) return Response.json({ message: "404 Project Not Found" }, { status: 404 });
  const asked = (name: string) => url.searchParams.get(name) === "true";
  // Like the live one: statistics are for members, so a stranger learns no size.
  const member = request.headers.has("authorization") || request.headers.has("private-token");
  const license = repo.license ? { key: repo.license.key, name: repo.license.name, nickname: null } : null;
  const web = `https://gitlab.com/${repo.fullName}`;
  return Response.json({
    id: Number.parseInt(hex(repo.fullName, 7), 16),
    path_with_namespace: repo.fullName,
    default_branch: repo.branch,
    web_url: web,
    readme_url: `${web}/-/blob/${repo.branch}/README.md`,
    star_count: repo.stars,
    last_activity_at: repo.pushedAt,
    archived: repo.archived,
    visibility: "public",
    ...(asked("license") ? { license, license_url: `${web}/-/blob/${repo.branch}/LICENSE` } : {}),
    ...(asked("statistics") && member ? { statistics: { repository_size: repo.sizeKiB * 1024 } } : {}),
  });
}
