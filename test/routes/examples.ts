/** A good request to each route of the document, and the world in which it is one: a new route must be entered here. */

import { CHEAP_PASSWORD, credentials, OWNER } from "../accounts.ts";
import type { TestRegistry } from "../harness.ts";
import { bytesOf, keepFiles, zipOf } from "../zip/kept.ts";
import { linkIn, source } from "./answers.ts";

/** A request, and how it is answered to whoever may make it. */
export interface Example {
  /**
   * May hold places: `{model}` and `{code}`, artifacts that are there, `{aster}` and `{corpus}`, a model and
   * a dataset by their repositories, `{gone}`, one that was deleted, and
   * `{link}`, a signed link; `{slot}`, an artifact that waits for its content, `{upload}`, an upload of it in one part, and
   * `{arrived}`, one whose part has come; `{later}`, a registration that was answered before it was done; `{self}`, the id of the token that asks.
   */
  path: string;
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** Where an administrator asks elsewhere. */
  adminPath?: string;
}

const FILES = [
  { path: "README.md", bytes: bytesOf("# A model\n") },
  { path: "config.json", bytes: bytesOf("{}") },
];
export const { zip: ZIP } = await zipOf(FILES);
const binary = { body: ZIP, headers: { "Content-Type": "application/zip", "Content-Length": String(ZIP.length) } };
export const NEW_USER = { name: "grace", password: "a password of hers", is_admin: false, scopes: ["search"] };

const by = "/artifacts/{artifact_type}/{id}";
const parts = `${by}/content/uploads/{upload_id}`;
const hub = "/hf/api/{kind}/{repo}";
const record = "/hf/api/models/{aster}";

export const EXAMPLES: Record<string, Example> = {
  "get /health": { path: "/health", status: 200 },
  "get /health/components": { path: "/health/components", status: 200 },
  "get /tracks": { path: "/tracks", status: 200 },
  "put /authenticate": {
    path: "/authenticate",
    status: 200,
    body: credentials(OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD),
  },
  "post /tokens": { path: "/tokens", status: 201, body: { name: "ci", scopes: ["search"] } },
  "get /tokens": { path: "/tokens", status: 200 },
  "delete /tokens/{id}": { path: "/tokens/{self}", status: 200 },
  "post /users": { path: "/users", status: 201, body: NEW_USER },
  "get /users": { path: "/users", status: 200 },
  "patch /users/{name}": {
    path: "/users/ada",
    status: 200,
    adminPath: "/users/bob",
    body: { password: "another password of hers", current_password: CHEAP_PASSWORD },
  },
  "delete /users/{name}": { path: "/users/ada", status: 200, adminPath: "/users/bob" },
  "post /artifact/{artifact_type}": { path: "/artifact/code", status: 201, body: { url: source("new") } },
  [`get ${by}`]: { path: "/artifacts/code/{code}", status: 200 },
  [`put ${by}`]: {
    path: "/artifacts/code/{code}",
    status: 200,
    body: { metadata: { name: "two", id: "1", type: "code" }, data: { url: source("two") } },
  },
  [`delete ${by}`]: { path: "/artifacts/code/{code}", status: 200 },
  [`get ${by}/download`]: { path: "{link}", status: 200 },
  "post /artifacts": { path: "/artifacts", status: 200, body: [] },
  "post /artifacts/delete": { path: "/artifacts/delete", status: 200, body: { ids: [{ type: "code", id: "1" }] } },
  "get /artifact/byName/{name}": { path: "/artifact/byName/two", status: 200 },
  "post /artifact/byRegEx": { path: "/artifact/byRegEx", status: 200, body: { regex: "two" } },
  "get /deletions/{id}": { path: "/deletions/{gone}", status: 200 },
  "get /registrations/{id}": { path: "/registrations/{later}", status: 200 },
  [`get ${by}/summary`]: { path: "/artifacts/model/{model}/summary", status: 200 },
  "delete /reset": { path: "/reset?confirm=1", status: 200 },
  "get /artifact/{artifact_type}/{id}/rate": { path: "/artifact/model/{model}/rate", status: 200 },
  "get /artifact/model/{id}/lineage": { path: "/artifact/model/{model}/lineage", status: 200 },
  "get /artifact/{artifact_type}/{id}/cost": { path: "/artifact/model/{model}/cost", status: 200 },
  "post /artifact/model/{id}/license-check": {
    path: "/artifact/model/{model}/license-check",
    status: 200,
    body: { github_url: "https://github.com/acme-labs/aster" },
  },
  "get /artifact/{artifact_type}/{id}/audit": { path: "/artifact/code/{code}/audit", status: 200 },
  "get /audit": { path: "/audit", status: 200 },
  "get /audit/verify": { path: "/audit/verify", status: 200 },
  [`get ${by}/files`]: { path: "/artifacts/model/{model}/files", status: 200 },
  [`get ${by}/files/{path}`]: { path: "/artifacts/model/{model}/files/config.json", status: 200 },
  [`get ${by}/inspection`]: { path: "/artifacts/model/{model}/inspection", status: 200 },
  [`get ${by}/mirror`]: { path: "/artifacts/code/{code}/mirror", status: 200 },
  [`post ${by}/mirror`]: { path: "/artifacts/code/{code}/mirror", status: 202, body: {} },
  "post /artifact/{artifact_type}/upload": { path: "/artifact/code/upload", status: 201, body: { name: "ours" } },
  [`put ${by}/content`]: { path: "/artifacts/dataset/{slot}/content", status: 201, ...binary },
  [`post ${by}/content/uploads`]: {
    path: "/artifacts/dataset/{slot}/content/uploads",
    status: 201,
    body: { size: ZIP.length },
  },
  [`get ${parts}`]: { path: "/artifacts/dataset/{slot}/content/uploads/{upload}", status: 200 },
  [`delete ${parts}`]: { path: "/artifacts/dataset/{slot}/content/uploads/{upload}", status: 204 },
  [`get ${parts}/parts/{number}`]: {
    path: "/artifacts/dataset/{slot}/content/uploads/{upload}/parts/1",
    status: 200,
  },
  [`put ${parts}/parts/{number}`]: {
    path: "/artifacts/dataset/{slot}/content/uploads/{upload}/parts/1",
    status: 200,
    ...binary,
  },
  [`post ${parts}/complete`]: {
    path: "/artifacts/dataset/{slot}/content/uploads/{arrived}/complete",
    status: 201,
    body: {},
  },
  "get /hf/api/whoami-v2": { path: "/hf/api/whoami-v2", status: 200 },
  "get /hf/api/settings/repositories": { path: "/hf/api/settings/repositories", status: 200 },
  "get /hf/api/organizations/{organization}/settings/repositories": {
    path: "/hf/api/organizations/acme-labs/settings/repositories",
    status: 200,
  },
  [`get ${hub}`]: { path: record, status: 200 },
  [`get ${hub}/revision/{revision}`]: { path: `${record}/revision/main`, status: 200 },
  [`get ${hub}/tree/{revision}`]: { path: `${record}/tree/main`, status: 200 },
  [`get ${hub}/tree/{revision}/{path}`]: { path: `${record}/tree/main/`, status: 200 },
  [`post ${hub}/paths-info/{revision}`]: {
    path: `${record}/paths-info/main`,
    status: 200,
    body: { paths: ["config.json"] },
  },
  "get /hf/{repo}/resolve/{revision}/{path}": {
    path: "/hf/{aster}/resolve/main/config.json",
    status: 200,
  },
  "get /hf/{repo}/raw/{revision}/{path}": { path: "/hf/{aster}/raw/main/config.json", status: 200 },
  "get /hf/datasets/{repo}/resolve/{revision}/{path}": {
    path: "/hf/datasets/{corpus}/resolve/main/config.json",
    status: 200,
  },
  "get /hf/datasets/{repo}/raw/{revision}/{path}": {
    path: "/hf/datasets/{corpus}/raw/main/config.json",
    status: 200,
  },
};

/** Makes what an example needs, and code 1 in any case. Gives what its path means by its places. */
export async function prepare({ path }: Example, open: TestRegistry): Promise<Record<string, string>> {
  const needs = (...places: string[]) => places.some((place) => path.includes(`{${place}}`));
  const places: Record<string, string> = { code: await open.register("code", source("two"), "two") };
  if (needs("link")) places["link"] = linkIn(await open.call("GET", "/artifacts/code/1"));
  if (needs("later")) {
    const begun = await open.call("POST", "/artifact/code", { url: source("later") }, { Prefer: "respond-async" });
    places["later"] = (begun.json as { id: string }).id;
  }
  if (needs("gone")) {
    places["gone"] = await open.register("code", source("gone"));
    await open.call("DELETE", `/artifacts/code/${places["gone"]}`);
  }
  if (needs("model", "aster")) {
    places["aster"] = "acme-labs/aster-base";
    places["model"] = await open.register("model", places["aster"]);
    await keepFiles(places["model"], FILES, { verdict: "safe" });
  }
  if (needs("corpus")) {
    places["corpus"] = "acme-labs/open-atlas";
    const id = await open.register("dataset", `https://huggingface.co/datasets/${places["corpus"]}`);
    await keepFiles(id, FILES, { verdict: "safe" });
  }
  if (!needs("slot")) return places;

  const reserved = await open.call("POST", "/artifact/dataset/upload", { name: "ours" });
  const slot = (reserved.json as { id: string }).id;
  if (!needs("upload", "arrived")) return { ...places, slot };
  const uploads = `/artifacts/dataset/${slot}/content/uploads`;
  const begun = await open.call("POST", uploads, { size: ZIP.length });
  const upload = (begun.json as { upload_id: string }).upload_id;
  if (needs("arrived")) await open.call("PUT", `${uploads}/${upload}/parts/1`, ZIP, binary.headers);
  return { ...places, slot, upload, arrived: upload };
}

/** A path with its places filled. */
export function fill(path: string, places: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, place: string) => places[place] ?? "");
}
