/**
 * What can be learned of an artifact that was uploaded: what its own files say, and nothing else.
 *
 * Invariant: nobody outside is asked. Whatever only others could tell (a record of the hub, a declared dataset, the code
 * repository that the card names) is unavailable, not absent: no score is made of it, neither good nor bad.
 */

import { DATASETS_MAX, KEPT_FILE_MAX_BYTES, README_MAX_BYTES } from "../limits.ts";
import { readDatasets, readParents } from "../lineage/parents.ts";
import { decodeText, parsePythonJson, parsePythonJsonObject } from "../sources/json.ts";
import type { ArtifactSource } from "../sources/source-url.ts";
import { mapFound } from "../sources/upstream.ts";
import { readCard } from "./card.ts";
import { findCodeRepositories } from "./code-repository.ts";
import { type Collected, facts, licensesOf } from "./collected.ts";
import {
  type CodeEvidence,
  type ConfigEvidence,
  EVIDENCE_FORMAT,
  type Finding,
  type Found,
  type HubRecord,
  type JsonObject,
  type Missing,
  type ModelEvidence,
  type UpstreamFile,
} from "./evidence.ts";
import { hooksOf, isOtherConfig } from "./metrics/code-hooks.ts";

/** Other configurations of an upload that are read; models have five or six. */
const CONFIGS_MAX = 16;

/** An uploaded bundle. */
export interface UploadedBundle {
  files: readonly UpstreamFile[];
  /** SHA-256 of the whole, hex. */
  sha256: string;
  /** When it came, ISO 8601. */
  at: string;
  /** What the inspection of its bytes says. */
  inspection?: NonNullable<ModelEvidence["inspection"]> | undefined;
  /** The bytes of one of the files, which is no larger than asked for here. */
  read(path: string): Promise<Uint8Array>;
}

const NOT_ASKED: Missing = { status: "unavailable", reason: "not asked: an upload is rated by its own files" };

/** Collects an uploaded artifact. */
export async function collectUpload(source: ArtifactSource, bundle: UploadedBundle): Promise<Collected> {
  const folder = findFolder(bundle.files);
  const files = bundle.files.map((file) => ({ ...file, path: file.path.slice(folder.length) }));
  const found = { url: source.source, fetched_at: bundle.at, sha256: bundle.sha256 };

  async function read(path: string, cap: number): Promise<Finding<Uint8Array>> {
    const file = files.find((candidate) => candidate.path === path);
    if (!file) return { status: "absent", reason: "the upload has no such file" };
    if ((file.size ?? 0) > cap) return { status: "unreadable", reason: `larger than ${cap} bytes` };
    return { status: "found", value: await bundle.read(folder + path), ...found };
  }
  const json = async (path: string): Promise<Finding<JsonObject>> =>
    mapFound(await read(path, KEPT_FILE_MAX_BYTES), (bytes) => parsePythonJsonObject(decodeText(bytes)));

  const readme = mapFound(await read("README.md", README_MAX_BYTES), decodeText);
  const bare: Found<HubRecord> = { status: "found", value: recordOf(source, files), ...found };
  const card = readCard(readme, bare);
  const record = { ...bare, value: { ...bare.value, ...saysOf(card) } };
  const common = { files, kept: [], left_out: [], ...facts({ license: licensesOf(card, record), readme }) };
  if (source.type !== "model") {
    const evidence = { kind: "hub", source: source.source, collected_at: bundle.at, record, readme, card } as const;
    return { source, ...common, parents: [], evidence };
  }
  const config = await json("config.json");
  const adapter_config = await json("adapter_config.json");
  const configs: ConfigEvidence[] = [];
  for (const { path } of files.filter((file) => isOtherConfig(file.path)).slice(0, CONFIGS_MAX)) {
    const hooks = mapFound(await read(path, KEPT_FILE_MAX_BYTES), (bytes) =>
      hooksOf(parsePythonJson(decodeText(bytes))),
    );
    configs.push({ path, hooks });
  }
  const own = { source: source.source, record, card, config, adapter_config };
  const code = codeOf(source, readme, card);
  const evidence: ModelEvidence = {
    kind: "model",
    format: EVIDENCE_FORMAT,
    uploaded: true,
    ...own,
    collected_at: bundle.at,
    readme,
    configs,
    ...(bundle.inspection && { inspection: bundle.inspection }),
    datasets: readDatasets(own)
      .slice(0, DATASETS_MAX)
      .map(({ source: id }) => ({ id, record: NOT_ASKED })),
    ...(code && { code }),
    commit_authors: NOT_ASKED,
  };
  return { source, ...common, parents: readParents(own), evidence };
}

/** The one folder that everything is in, as `zip -r` of a folder makes it, with its slash; empty if there is none. */
function findFolder(files: readonly UpstreamFile[]): string {
  const [first] = files;
  const folder = first?.path.slice(0, first.path.indexOf("/") + 1) ?? "";
  return files.every(({ path }) => path.startsWith(folder)) ? folder : "";
}

function recordOf(source: ArtifactSource, files: UpstreamFile[]): HubRecord {
  return { id: source.source, private: false, gated: false, disabled: false, tags: [], files };
}

/** What the hub would read from a card into its record. */
function saysOf(card: Finding<JsonObject>): Pick<HubRecord, "pipeline_tag" | "library_name"> {
  const { pipeline_tag, library_name } = card.status === "found" ? card.value : {};
  return {
    ...(typeof pipeline_tag === "string" && pipeline_tag !== "" && { pipeline_tag }),
    ...(typeof library_name === "string" && library_name !== "" && { library_name }),
  };
}

/** The repository that the card names, about which nothing is asked. */
function codeOf(source: ArtifactSource, readme: Finding<string>, card: Finding<JsonObject>): CodeEvidence | undefined {
  const text = readme.status === "found" ? readme.value : "";
  const [named] = findCodeRepositories(source.source, text, card.status === "found" ? card.value : undefined);
  if (!named) return undefined;
  return {
    ...named,
    record: NOT_ASKED,
    contributors: NOT_ASKED,
    tree: NOT_ASKED,
    license: NOT_ASKED,
    reviews: NOT_ASKED,
  };
}
