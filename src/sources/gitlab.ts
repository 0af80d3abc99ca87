/** GitLab: the public record of a project and its README, each as a finding. Asked without a token. */

import { z } from "zod";
import { README_MAX_BYTES, UPSTREAM_JSON_MAX_BYTES } from "../limits.ts";
import type { Finding, GitLabProject } from "./findings.ts";
import { decodeText, parseJson, UnreadableError } from "./json.ts";
import { count, defined, flag, text } from "./lenient.ts";
import { isSanePath } from "./paths.ts";
import type { HostPolicy } from "./safe-fetch.ts";
import { find, type Upstream } from "./upstream.ts";

const API = "https://gitlab.com/api/v4";
const HOSTS: HostPolicy = { origins: ["https://gitlab.com"] };

const shape = z.object({
  path_with_namespace: z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/),
  default_branch: text,
  archived: flag,
  description: text,
  license: z.object({ key: text }).optional().catch(undefined),
  last_activity_at: text,
  star_count: count,
  readme_url: text,
});

/** The record of a project, licence included. */
export function gitLabProject(upstream: Upstream, path: string): Promise<Finding<GitLabProject>> {
  const url = `${API}/projects/${encodeURIComponent(path)}?license=true`;
  return find(upstream, { url, maxBytes: UPSTREAM_JSON_MAX_BYTES, hosts: HOSTS }, readProject);
}

/** A file of a project, at a branch. */
export function gitLabFile(
  upstream: Upstream,
  project: string,
  branch: string,
  path: string,
): Promise<Finding<Uint8Array<ArrayBuffer>>> {
  const file = `repository/files/${encodeURIComponent(path)}/raw?ref=${encodeURIComponent(branch)}`;
  const url = `${API}/projects/${encodeURIComponent(project)}/${file}`;
  return find(upstream, { url, maxBytes: README_MAX_BYTES, hosts: HOSTS }, (bytes) => bytes);
}

function readProject(body: Uint8Array): GitLabProject {
  const parsed = shape.safeParse(parseJson(decodeText(body)));
  if (!parsed.success) throw new UnreadableError("not a project of GitLab");
  const { path_with_namespace, license, star_count, readme_url, ...same } = parsed.data;
  const readme = readme_url?.split(`/-/blob/${same.default_branch}/`)[1];
  return defined<GitLabProject>({
    ...same,
    path: path_with_namespace,
    license: license?.key,
    stars: star_count,
    readme_path: readme !== undefined && isSanePath(readme) ? readme : undefined,
  });
}
