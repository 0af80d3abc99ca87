/**
 * From whom a model says it descends.
 *
 * Invariant: pure; one parent for each key, never the model itself, never a place on somebody's disk.
 */

import { DATASET_EDGES_MAX, PARENTS_MAX } from "../limits.ts";
import type { DatasetEvidence, Finding, HubRecord, JsonObject, ParentEvidence } from "../sources/findings.ts";
import { isHubPage, ownsBareIds } from "../sources/hub-id.ts";
import { isObject } from "../sources/json.ts";
import { PRIVATE_OR_GATED } from "../sources/upstream.ts";

/** Where an edge was read. */
export type ParentReader = "adapter_config" | "config_json" | "model_card" | "hf_tag";

/** A declared parent of a model, registered or not. */
export interface Parent {
  /** Id as upstream spells it; the present one where its record was asked for. */
  source: string;
  /** For comparing: the id in lower case. */
  key: string;
  relation: "base_model";
  /** How the model was made from it: `finetune`, `quantized`, `adapter`, `merge` … */
  detail?: string;
  /** The first of the four places that named it. */
  read_from: ParentReader;
}

/** `datasets/squad`, or the address of a dataset's page. */
const DATASET_PREFIX = /^(https?:\/\/[^/]+\/)?datasets\//i;

/** A dataset that a model says it was trained on. */
export interface DeclaredDataset {
  source: string;
  key: string;
  relation: "fine_tuning_dataset";
  read_from: "model_card" | "hf_tag";
}

/** The part of a model's evidence that tells of its descent. */
export interface ParentEvidencePart {
  /** Canonical source id of the model itself. */
  source: string;
  record: Finding<HubRecord>;
  card: Finding<JsonObject>;
  config: Finding<JsonObject>;
  adapter_config: Finding<JsonObject>;
  parents?: readonly ParentEvidence[];
}

/** In the contract's order: the first that names a parent is where it was read. */
const CONFIG_KEYS = [
  "base_model",
  "teacher_model",
  "parent_model",
  "source_model",
  "original_model",
  "pretrained_model_name_or_path",
  "_name_or_path",
] as const;

const ID = /^[\w.-]+(?:\/[\w.-]+)?$/;
const ID_MAX_CHARS = 2 * 96 + 1;
const DETAIL = /^[a-z][a-z_-]{0,31}$/;

/** First segments of training scripts' habits; none of them is an account that publishes models. */
const LOCAL_PLACES: ReadonlySet<string> = new Set(
  (
    "checkpoint checkpoints ckpt ckpts content data drive home kaggle local_models log logs media mnt model " +
    "models opt out output outputs pretrained result results root run runs save saved saved_model saved_models " +
    "scratch tmp trained_model trained_models users var weights workspace"
  ).split(" "),
);
const LOCAL_NAME =
  /^(?:checkpoint|epoch|step|global_step|run)[-_]?\d+$|\.(?:bin|ckpt|h5|json|msgpack|pth?|safetensors|ya?ml)$/i;

interface Mention {
  id: string;
  detail?: string | undefined;
  read_from: ParentReader;
}

/** The declared parents of a model, each once, in the contract's order of readers. */
export function readParents(evidence: ParentEvidencePart): Parent[] {
  const aliases = aliasesOf(evidence.parents ?? []);
  const unknown = unknownWords(evidence.parents ?? []);
  const parents = new Map<string, Parent>();
  for (const mention of mentions(evidence)) {
    const written = readId(mention.id);
    if (written === undefined || isLocal(written) || unknown.has(written.toLowerCase())) continue;
    const source = aliases.get(written.toLowerCase()) ?? written;
    if (isItself(written, evidence) || isItself(source, evidence)) continue;
    const key = source.toLowerCase();
    const known = parents.get(key);
    const detail = mention.detail !== undefined && DETAIL.test(mention.detail) ? { detail: mention.detail } : {};
    if (known !== undefined) parents.set(key, { ...detail, ...known });
    else if (parents.size < PARENTS_MAX) {
      parents.set(key, { source, key, relation: "base_model", ...detail, read_from: mention.read_from });
    }
  }
  // an adapter is one, whether or not the card says so
  return [...parents.values()].map((parent) =>
    parent.read_from === "adapter_config" ? { ...parent, detail: parent.detail ?? "adapter" } : parent,
  );
}

/** The datasets that a card or the hub's tags declare, each once. `known` gives those asked for their present names. */
export function readDatasets(
  evidence: Pick<ParentEvidencePart, "card" | "record">,
  known: readonly DatasetEvidence[] = [],
): DeclaredDataset[] {
  const aliases = aliasesOf(known);
  const declared = new Map<string, DeclaredDataset>();
  const add = (text: string, read_from: DeclaredDataset["read_from"]) => {
    const written = readId(text.trim().replace(DATASET_PREFIX, "$1"));
    if (written === undefined || isLocal(written)) return;
    const source = aliases.get(written.toLowerCase()) ?? written;
    const key = source.toLowerCase();
    if (!declared.has(key) && declared.size < DATASET_EDGES_MAX)
      declared.set(key, { source, key, relation: "fine_tuning_dataset", read_from });
  };
  const card = objectIn(evidence.card);
  for (const text of texts(card?.["datasets"])) add(text, "model_card");
  // written as if it were a parent
  for (const text of texts(card?.["base_model"])) if (DATASET_PREFIX.test(text.trim())) add(text, "model_card");
  for (const tag of tagsOf(evidence.record)) {
    if (tag.startsWith("dataset:")) add(tag.slice("dataset:".length), "hf_tag");
  }
  return [...declared.values()];
}

function* mentions(evidence: ParentEvidencePart): Generator<Mention> {
  for (const id of texts(objectIn(evidence.adapter_config)?.["base_model_name_or_path"])) {
    yield { id, read_from: "adapter_config" };
  }
  const config = objectIn(evidence.config);
  for (const key of CONFIG_KEYS) {
    for (const id of texts(config?.[key])) yield { id, read_from: "config_json" };
  }
  const card = objectIn(evidence.card);
  const [relation] = texts(card?.["base_model_relation"]);
  for (const id of texts(card?.["base_model"])) yield { id, detail: relation, read_from: "model_card" };
  for (const tag of tagsOf(evidence.record)) {
    const [, detail, id] = /^base_model:(?:([^:]*):)?(.*)$/.exec(tag) ?? [];
    // a tag of another kind below ours names no model
    if (id !== undefined && !/^(?:dataset|doi|arxiv)$/.test(detail ?? "")) yield { id, detail, read_from: "hf_tag" };
  }
}

/** An id of one or two segments, or undefined. The address of a page of the hub counts as its id. */
function readId(text: string): string | undefined {
  const id = text
    .trim()
    .replace(/^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/([^/?#]+\/[^/?#]+).*$/i, "$1")
    .replace(/\/$/, "");
  return id.length <= ID_MAX_CHARS && ID.test(id) ? id : undefined;
}

/**
 * Ids of one word that the hub does not know: folders and names of classes. The hub moved all its models without an owner
 * into namespaces and still leads there, so such an id cannot be a private model.
 */
function unknownWords(asked: readonly ParentEvidence[]): ReadonlySet<string> {
  const gone = ({ record }: ParentEvidence) =>
    record.status === "absent" || (record.status === "unavailable" && record.reason === PRIVATE_OR_GATED);
  return new Set(asked.filter((one) => !one.id.includes("/") && gone(one)).map(({ id }) => id.toLowerCase()));
}

/**
 * Whether an id is rather a place on the disk of whoever trained the model (`./out`, `results/checkpoint-500`), or a page of
 * the hub that is no model (`datasets/squad`).
 */
function isLocal(id: string): boolean {
  const segments = id.split("/");
  return (
    (segments.length > 1 && isHubPage(segments[0] ?? "")) ||
    segments.some((segment) => segment.startsWith(".") || segment === "" || /^\.*$/.test(segment)) ||
    LOCAL_PLACES.has((segments[0] ?? "").toLowerCase()) ||
    LOCAL_NAME.test(segments.at(-1) ?? "")
  );
}

function isItself(id: string, { source, record }: ParentEvidencePart): boolean {
  const key = id.toLowerCase();
  const own = [source, ...(record.status === "found" ? [record.value.id] : [])].map((name) => name.toLowerCase());
  return own.some((name) => {
    const [owner, repository] = name.split("/");
    return key === name || (key === repository && ownsBareIds(owner ?? ""));
  });
}

function aliasesOf(asked: readonly { id: string; record: Finding<HubRecord> }[]): Map<string, string> {
  const aliases = new Map<string, string>();
  for (const { id, record } of asked) {
    if (record.status === "found") aliases.set(id.toLowerCase(), record.value.id);
  }
  return aliases;
}

function objectIn(finding: Finding<JsonObject>): JsonObject | undefined {
  return finding.status === "found" && isObject(finding.value) ? finding.value : undefined;
}

function tagsOf(record: Finding<HubRecord>): string[] {
  return record.status === "found" ? record.value.tags : [];
}

/** A text or a list of texts, as a list of texts. */
function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}
