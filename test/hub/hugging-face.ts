/**
 * The routes of huggingface.co that a registry asks: records, commits, files, and the CDN behind the large ones.
 *
 * Invariant: a stranger learns of private repositories exactly what he learns of missing ones.
 */

import { allHubRepos, findHubRepo, type HubRepo, hex, type Json } from "./catalogue.ts";
import { faultFor, findHostileRepo, HOSTILE_OWNER, poison } from "./faults.ts";
import { encoder, factsOf, LFS, sized } from "./files.ts";
import type { Call } from "./hub.ts";

const API = /^\/api\/(models|datasets)\/([^/]+(?:\/[^/]+)?)(?:\/(revision|commits)\/([^/]+))?$/;
const FILE = /^\/(datasets\/)?([^/]+(?:\/[^/]+)?)\/(resolve|raw)\/([^/]+)\/(.+)$/;

/** What is asked of which repository. */
interface Target {
  kind: HubRepo["kind"];
  id: string;
  rev?: string | undefined;
  path?: string;
  answer(repo: HubRepo): Promise<Response> | Response;
}

export async function huggingFace(call: Call): Promise<Response | undefined> {
  const target = apiTarget(call) ?? fileTarget(call);
  if (!target) return undefined;
  const { kind, id, rev, path } = target;
  if (!call.known && call.request.headers.has("authorization")) {
    return failure(401, "InvalidCredentials", "Invalid credentials in Authorization header");
  }
  const fault = faultFor(id, path, call.request, "hub");
  if (fault) return fault;
  const repo = id.startsWith(`${HOSTILE_OWNER}/`) ? findHostileRepo(kind, id) : findHubRepo(kind, id);
  if (!repo || (repo.private && !call.known)) {
    return call.known
      ? failure(404, "RepoNotFound", "Repository not found")
      : failure(401, "RepoNotFound", "Invalid username or password.");
  }
  if (repo.id !== id) {
    const location = call.path.replace(`/${id}`, `/${repo.id}`) + call.url.search;
    return new Response(`Temporary Redirect. Redirecting to ${location}`, { status: 307, headers: { location } });
  }
  const revKnown = rev === undefined || rev === "main" || rev === repo.sha;
  return revKnown ? target.answer(repo) : failure(404, "RevisionNotFound", `Invalid rev id: ${rev}`);
}

function apiTarget({ path, url }: Call): Target | undefined {
  const [, kind, id, route, rev] = API.exec(path) ?? [];
  if (id === undefined) return undefined;
  const withBlobs = url.searchParams.get("blobs") === "true";
  const withScan = url.searchParams.get("securityStatus") === "true";
  const answer = (repo: HubRepo) => (route === "commits" ? commitsOf(repo) : record(repo, withBlobs, withScan));
  return { kind: kind === "datasets" ? kind : "models", id, rev, answer };
}

function fileTarget(call: Call): Target | undefined {
  const [, prefix, id, route, rev, encoded] = FILE.exec(call.path) ?? [];
  if (id === undefined || encoded === undefined) return undefined;
  const path = decodeURIComponent(encoded);
  const answer = (repo: HubRepo) => fileOf(call, repo, path, route === "raw");
  return { kind: prefix ? "datasets" : "models", id, rev, path, answer };
}

const failure = (status: number, code: string, message: string): Response =>
  Response.json({ error: message }, { status, headers: { "x-error-code": code, "x-error-message": message } });

/** The record as `/api/models/{id}` sends it: sizes and digests only with `?blobs=true`, a scan only with `?securityStatus=true`. */
async function record(repo: HubRepo, withBlobs: boolean, withScan: boolean): Promise<Response> {
  const entries = Object.entries(repo.files);
  const facts = await Promise.all(entries.map(([path, content]) => factsOf(repo.id, path, content)));
  const config = repo.files["config.json"];
  const { architectures, model_type } = typeof config === "string" ? (JSON.parse(config) as Json) : {};
  const body: Json = {
    _id: hex(`_id:${repo.id}`, 24),
    id: repo.id,
    author: repo.id.split("/")[0],
    sha: repo.sha,
    lastModified: repo.lastModified,
    createdAt: repo.createdAt,
    private: repo.private,
    gated: repo.gated,
    disabled: false,
    tags: repo.tags,
    downloads: repo.downloads,
    likes: repo.likes,
    ...(repo.card ? { cardData: repo.card } : {}),
    siblings: facts.map(({ blobId, size, sha256, pointer }, i) => {
      const rfilename = entries[i]?.[0];
      if (!withBlobs) return { rfilename };
      return { rfilename, blobId, size, ...(pointer ? { lfs: { sha256, size, pointerSize: pointer.length } } : {}) };
    }),
    // Counts every old revision, as upstream does: whoever takes it for the model's size is wrong by a factor of three.
    ...(withScan && repo.kind === "models" ? { securityRepoStatus: repo.scan } : {}),
    usedStorage: 3 * facts.reduce((sum, { size }) => sum + size, 0),
  };
  const ofModels: Json = {
    modelId: repo.id,
    pipeline_tag: repo.pipeline,
    library_name: repo.library,
    "model-index": repo.card?.["model-index"] ?? null,
    config: { architectures, model_type },
    spaces: [],
  };
  const text = JSON.stringify(repo.kind === "models" ? { ...body, ...ofModels } : body);
  return new Response(poison(repo.id, text), { headers: { "content-type": "application/json; charset=utf-8" } });
}

function commitsOf(repo: HubRepo): Response {
  const commits = repo.commits.map((user, i) => ({
    id: i === 0 ? repo.sha : hex(`${repo.id}:${i}`, 40),
    title: i === repo.commits.length - 1 ? "initial commit" : "Update README.md",
    message: "",
    authors: [{ user, avatar: `/avatars/${user}.svg` }],
    date: new Date(Date.parse(repo.lastModified) - i * 86_400_000).toISOString(),
  }));
  return Response.json(commits);
}

async function fileOf(call: Call, repo: HubRepo, path: string, raw: boolean): Promise<Response> {
  if (repo.gated && !call.known) {
    return failure(401, "GatedRepo", `Access to ${repo.id} is restricted. You must have access to it and log in.`);
  }
  const content = Object.hasOwn(repo.files, path) ? repo.files[path] : undefined;
  if (content === undefined) return failure(404, "EntryNotFound", "Entry not found");
  const facts = await factsOf(repo.id, path, content);
  const { blobId, sha256, size, pointer } = facts;
  const headers = { "x-repo-commit": repo.sha, "content-type": "text/plain; charset=utf-8", etag: `"${blobId}"` };
  if (!pointer) return sized(facts, headers, call.request);
  if (raw) return sized({ bytes: encoder.encode(pointer), size: pointer.length }, headers);
  const location = call.loopback ? `/cdn/${sha256}` : `https://cdn-lfs.huggingface.co/${sha256}`;
  const linked = { "x-linked-size": String(size), "x-linked-etag": `"${sha256}"`, etag: `"${sha256}"`, location };
  return new Response(null, { status: 302, headers: { "x-repo-commit": repo.sha, ...linked } });
}

export async function cdn(call: Call): Promise<Response | undefined> {
  const [, wanted] = /^(?:\/cdn)?\/([0-9a-f]{64})$/.exec(call.path) ?? [];
  if (!wanted) return undefined;
  // the URL is the permission: whoever sends a token here sends it to the wrong host
  if (call.request.headers.has("authorization"))
    return new Response("Only one auth mechanism allowed", { status: 400 });
  const headers = { etag: `"${wanted}"`, "content-type": "application/octet-stream" };
  for (const repo of allHubRepos()) {
    for (const [path, content] of Object.entries(repo.files).filter(([name]) => LFS.test(name))) {
      const facts = await factsOf(repo.id, path, content);
      if (facts.sha256 === wanted) return sized(facts, headers, call.request);
    }
  }
  return new Response("Access denied", { status: 403 });
}
