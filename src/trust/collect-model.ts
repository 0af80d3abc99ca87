/**
 * Everything that is learned of a model.
 *
 * Invariant: only the model's own record can make this fail; whatever else does not come is a finding.
 */

import { RegistryError } from "../errors.ts";
import { MODEL_FILES } from "../lib/parts.ts";
import { DATASETS_MAX, PARENT_RECORDS_MAX, RELATED_FILES_MAX } from "../limits.ts";
import { readDatasets, readParents } from "../lineage/parents.ts";
import { isHubId } from "../sources/hub-id.ts";
import { hubCommitAuthors, hubFile, hubRecord } from "../sources/hugging-face.ts";
import { decodeText, parsePythonJson, parsePythonJsonObject } from "../sources/json.ts";
import { type ArtifactSource, type HubRepository, hubSource } from "../sources/source-url.ts";
import { causeOf, mapFound, PRIVATE_OR_GATED, type Upstream } from "../sources/upstream.ts";
import { readCard } from "./card.ts";
import { findCodeRepositories } from "./code-repository.ts";
import { collectModelCode } from "./collect-code.ts";
import { type Collected, facts, licensesOf } from "./collected.ts";
import {
  type CodeEvidence,
  type ConfigEvidence,
  EVIDENCE_FORMAT,
  type Finding,
  type Found,
  type HubRecord,
  type JsonObject,
  type ModelEvidence,
  type UpstreamFile,
} from "./evidence.ts";
import { type Keeping, startKeeping, totalSize } from "./kept-files.ts";
import { hooksOf, isOtherConfig } from "./metrics/code-hooks.ts";
import { datasetsOfResults } from "./metrics/model-index.ts";

/**
 * Collects a model.
 *
 * @throws RegistryError `model_not_found_upstream` if the hub has none that we may see, `upstream_failed` if it could
 * not be asked.
 */
export async function collectModel(asked: ArtifactSource, upstream: Upstream, at: string): Promise<Collected> {
  const record = await requireRecord(upstream, asked.source);
  const { id, sha, files } = record.value;
  const repository: HubRepository = { kind: "models", id };
  const keeping = startKeeping(files, MODEL_FILES, (path, cap) => hubFile(upstream, repository, sha, path, cap));
  const [readme, config, adapter_config] = await Promise.all([
    keeping.finding("README.md").then((found) => mapFound(found, decodeText)),
    keeping.finding("config.json").then(jsonIn),
    keeping.finding("adapter_config.json").then(jsonIn),
  ]);
  const card = readCard(readme, record);
  const own = { source: id, record, card, config, adapter_config };
  const declared = readDatasets(own).slice(0, DATASETS_MAX);
  const others = resultDatasets(card, declared).slice(0, DATASETS_MAX - declared.length);
  const [datasets, result_datasets, parents, code, commit_authors, configs, { kept, left_out }] = await Promise.all([
    related(upstream, "datasets", declared),
    related(upstream, "datasets", others),
    related(upstream, "models", readParents(own).slice(0, PARENT_RECORDS_MAX)),
    codeOf(upstream, id, readme, card),
    // whether the code counts as the model's own is known only with the code's own answers, and then it would be too late
    hubCommitAuthors(upstream, id),
    configsOf(files, keeping),
    keeping.finish(),
  ]);
  const evidence: ModelEvidence = {
    kind: "model",
    format: EVIDENCE_FORMAT,
    ...own,
    collected_at: at,
    readme,
    configs,
    datasets,
    result_datasets,
    parents,
    ...(code === undefined ? {} : { code }),
    commit_authors,
  };
  return {
    source: hubSource("model", id, asked.name),
    ...facts({ revision: sha, license: licensesOf(card, record), upstream_size: totalSize(files), readme }),
    files,
    kept,
    left_out,
    parents: readParents(evidence),
    evidence,
  };
}

async function requireRecord(upstream: Upstream, id: string): Promise<Found<HubRecord>> {
  const record = await hubRecord(upstream, { kind: "models", id }, { blobs: true, scan: true });
  if (record.status === "found") {
    // the record of a gated model is public, its files are not
    if (!record.value.gated || upstream.hfToken !== undefined) return record;
    const reason = "The model is gated: set the secret HF_TOKEN of this registry to a token that may read it.";
    throw new RegistryError("model_not_found_upstream", undefined, { extra: { reason } });
  }
  // to strangers the hub says 401 for what is missing, private or gated, so that they cannot tell which
  const hidden = record.status === "absent" || record.reason === PRIVATE_OR_GATED;
  if (hidden) throw new RegistryError("model_not_found_upstream", undefined, { cause: record.reason });
  throw new RegistryError("upstream_failed", undefined, { extra: { reason: causeOf(record) } });
}

function jsonIn(file: Finding<Uint8Array>): Finding<JsonObject> {
  return mapFound(file, (bytes) => parsePythonJsonObject(decodeText(bytes)));
}

/** Records of what a model names, each with the id that the model used. */
function related(
  upstream: Upstream,
  kind: HubRepository["kind"],
  named: readonly { source: string }[],
): Promise<{ id: string; record: Finding<HubRecord> }[]> {
  return Promise.all(
    named.map(async ({ source: id }) => {
      if (!isHubId(id)) return { id, record: { status: "absent", reason: "no id that the hub could have" } as const };
      const record = await hubRecord(upstream, { kind, id }, { blobs: kind === "models" });
      return {
        id,
        record: mapFound(record, (value) => ({ ...value, files: value.files.slice(0, RELATED_FILES_MAX) })),
      };
    }),
  );
}

/** The datasets that a card's results name beside those that it declares: whether they exist is asked of the hub. */
function resultDatasets(card: Finding<JsonObject>, declared: readonly { key: string }[]): { source: string }[] {
  const known = new Set(declared.map(({ key }) => key));
  const names = card.status === "found" ? datasetsOfResults(card.value) : [];
  return names.filter((name) => !known.has(name.toLowerCase())).map((source) => ({ source }));
}

/** What the other configurations at the top of the repository name that runs code. */
async function configsOf(files: readonly UpstreamFile[], keeping: Keeping): Promise<ConfigEvidence[]> {
  const paths = files.map(({ path }) => path).filter(isOtherConfig);
  const configs = await Promise.all(
    paths.map(async (path) => ({
      path,
      hooks: mapFound(await keeping.finding(path), (bytes) => hooksOf(parsePythonJson(decodeText(bytes)))),
    })),
  );
  // "absent" is one that is not among the files that are kept
  return configs.filter(({ hooks }) => hooks.status !== "absent");
}

/** The code repository that the card names. */
async function codeOf(
  upstream: Upstream,
  id: string,
  readme: Finding<string>,
  card: Finding<JsonObject>,
): Promise<CodeEvidence | undefined> {
  const text = readme.status === "found" ? readme.value : "";
  const data = card.status === "found" ? card.value : undefined;
  return collectModelCode(upstream, findCodeRepositories(id, text, data));
}
