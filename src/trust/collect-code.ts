/** Evidence of a code repository on GitHub: one that a model's card names, or the artifact itself. */

import { CODE_CANDIDATES_MAX, KEPT_FILE_MAX_BYTES } from "../limits.ts";
import { createGitHub, type GitHub } from "../sources/github.ts";
import { decodeText } from "../sources/json.ts";
import { type ArtifactSource, gitHubSource, projectPath } from "../sources/source-url.ts";
import { mapFound, type Upstream } from "../sources/upstream.ts";
import type { CodeCandidate } from "./code-repository.ts";
import { type Collected, facts } from "./collected.ts";
import type { CodeEvidence, Finding, GitHubRepository, Missing } from "./evidence.ts";
import { isFramework } from "./frameworks.ts";
import type { KeptFile } from "./kept-files.ts";

/** Of the README of a model's code only the models that it names are read; it is kept with the evidence. */
const README_CHARS = 256 * 1024;

const FRAMEWORK: Missing = { status: "absent", reason: "not asked: a framework is no model's own code" };
const NOT_RATED: Missing = { status: "unavailable", reason: "not asked: only a model's code is rated" };

/** The code of a model: the likeliest repository that its card names and GitHub has. */
export async function collectModelCode(
  upstream: Upstream,
  candidates: readonly CodeCandidate[],
): Promise<CodeEvidence | undefined> {
  const github = createGitHub(upstream);
  let first: { candidate: CodeCandidate; record: Finding<GitHubRepository> } | undefined;
  for (const candidate of candidates.slice(0, CODE_CANDIDATES_MAX)) {
    const record = await github.repository(candidate.repository);
    first ??= { candidate, record };
    if (record.status === "absent") continue;
    return await inspect(github, candidate, record);
  }
  // the card names one, but it is gone: that is a finding too
  return first && (await inspect(github, first.candidate, first.record));
}

async function inspect(
  github: GitHub,
  candidate: CodeCandidate,
  record: Finding<GitHubRepository>,
): Promise<CodeEvidence> {
  const all = (of: Missing) => ({ contributors: of, tree: of, license: of, reviews: of });
  if (record.status !== "found") return { ...candidate, record, ...all(record), readme: record };
  const { full_name, default_branch } = record.value;
  const named = { ...candidate, repository: full_name, record };
  if (isFramework(full_name)) return { ...named, ...all(FRAMEWORK), readme: FRAMEWORK };
  const [contributors, tree, license, reviews, readme] = await Promise.all([
    github.contributors(full_name),
    github.tree(full_name, default_branch),
    github.license(full_name),
    github.reviews(full_name),
    github.readme(full_name),
  ]);
  const id = mapFound(license, (found) => found.id);
  return {
    ...named,
    contributors,
    tree,
    license: id,
    reviews,
    readme: mapFound(readme, (bytes) => decodeText(bytes).slice(0, README_CHARS)),
  };
}

/** An artifact on GitHub. Never fails: what cannot be reached is a finding. */
export async function collectGitHub(asked: ArtifactSource, upstream: Upstream, at: string): Promise<Collected> {
  const github = createGitHub(upstream);
  const repository = projectPath(asked);
  const record = await github.repository(repository);
  const named = { repository, named_by: "source", contributors: NOT_RATED, reviews: NOT_RATED } as const;
  if (record.status !== "found") {
    const code = { ...named, record, tree: record, license: record, readme: record };
    const evidence = { kind: "github", source: asked.source, collected_at: at, code } as const;
    return { source: asked, files: [], kept: [], left_out: [], parents: [], evidence };
  }
  const { full_name, default_branch, license_spdx, size } = record.value;
  const source = { ...gitHubSource(asked.type, full_name), name: asked.name };
  const [raw, tree, license] = await Promise.all([
    github.readme(full_name),
    github.tree(full_name, default_branch),
    github.license(full_name),
  ]);
  const files = tree.status === "found" ? tree.value.paths : [];
  const readme = mapFound(raw, decodeText);
  const kept: KeptFile[] = [];
  if (raw.status === "found") {
    // the endpoint finds the README but does not say what it is called
    const path = files.find((file) => /^readme(?:\.[^/]*)?$/i.test(file.path))?.path ?? "README.md";
    kept.push({ path, bytes: raw.value });
  }
  const text = license.status === "found" ? license.value : undefined;
  if (text?.path !== undefined && text.bytes !== undefined && text.bytes.byteLength <= KEPT_FILE_MAX_BYTES) {
    kept.push({ path: text.path, bytes: text.bytes });
  }
  const spdx = license_spdx ?? text?.id;
  const code = {
    ...named,
    repository: full_name,
    record,
    tree,
    license: mapFound(license, (found) => found.id),
    readme,
  };
  return {
    source,
    ...facts({ ...(spdx === undefined ? {} : { license: [spdx] }), upstream_size: size, readme }),
    files,
    kept,
    left_out: raw.status === "found" ? [] : [{ path: "README.md", reason: raw.reason }],
    parents: [],
    evidence: { kind: "github", source: source.source, collected_at: at, code },
  };
}
