/**
 * code_link, 0 | .5 | 1. 1: the code repository's owner is the model's namespace (see `namespaces.ts`) and the two ids share a
 * word of at least 4 letters that is no stop word; or the repository's own README names this hub id. .5: the same owner only.
 * 0: otherwise; always for a framework, and for a fork, whose people and files are those of another project. A README that
 * names models of more than ten namespaces is a list, and makes nobody's model its own.
 * Bus factor, code quality, the code half of dataset_and_code_score and peer review use a repository only from .5.
 */

import type { CodeEvidence, Missing, ModelEvidence } from "../evidence.ts";
import { isFramework } from "../frameworks.ts";
import { type MetricResult, measured, unavailable, undecided } from "../metrics/result.ts";
import { isSameOwner, namespaceOf } from "./namespaces.ts";

export const version = 1;

/** From here on a repository counts as the model's own. */
export const LINKED = 0.5;

/** The evidence is of a format that did not have it. */
const NOT_COLLECTED: Missing = { status: "unavailable", reason: "not in the kept evidence; an update asks for it" };
const WORD_MIN_LETTERS = 4;
/** Namespaces of models that the README of one project names at most. */
const NAMESPACES_MAX = 10;
/** Words that say nothing about which model is meant. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `model models base large small tiny mini nano medium huge xlarge docs code repo demo test tests main project open source
    official release released research paper data dataset datasets train training trainer finetune finetuned finetuning
    tuned pretrained pretraining inference generation language vision speech audio text image video chat instruct
    assistant cased uncased english chinese multilingual v1.0 lora qlora gguf gptq quantized merge merged hugging face
    huggingface transformers transformer diffusers pytorch tensorflow python deep learning neural network networks machine
    with from github awesome list tools toolkit utils scripts examples example llms`.split(/\s+/),
);

/** Words of at least four letters in the last segment of an id that tell it from others. */
function tellingWords(id: string): string[] {
  const name = id.split("/").at(-1) ?? id;
  const words = name.toLowerCase().split(/[^a-z]+/);
  return words.filter((word) => word.length >= WORD_MIN_LETTERS && !STOP_WORDS.has(word));
}

/** A telling word of one that the other's name holds, if there is one. Names without separators count by their parts. */
function sharedWord(id: string, repository: string): string | undefined {
  const theirs = tellingWords(repository);
  const whole = (repository.split("/").at(-1) ?? "").toLowerCase().replace(/[^a-z]/g, "");
  const own = (id.split("/").at(-1) ?? "").toLowerCase().replace(/[^a-z]/g, "");
  return tellingWords(id).find((word) => whole.includes(word)) ?? theirs.find((word) => own.includes(word));
}

const HUB_LINK = /(?:huggingface\.co|hf\.co)\/([\w.-]{1,96})\/[\w.-]{1,96}/gi;
const HUB_PAGES: ReadonlySet<string> = new Set("datasets spaces docs blog papers collections api models".split(" "));

/** Whether a README names a hub id as a word of its own, and is not a list of everybody's models. */
function readmeNames(readme: string, ids: readonly string[]): boolean {
  const text = readme.toLowerCase();
  const named = ids.some((id) => {
    for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1)) {
      // the same words behind a host are a repository of that name, not the model
      const before = text.slice(Math.max(0, at - 40), at);
      const free =
        !/[\w.-]$/.test(before) && !/(?:github\.com|gitlab\.com|githubusercontent\.com|ghcr\.io)\/$/.test(before);
      if (free && !/^(?:[\w-]|\.\w)/.test(text.slice(at + id.length, at + id.length + 2))) return true;
    }
    return false;
  });
  if (!named) return false;
  const namespaces = new Set([...text.matchAll(HUB_LINK)].map(([, owner = ""]) => owner));
  return [...namespaces].filter((owner) => !HUB_PAGES.has(owner)).length <= NAMESPACES_MAX;
}

/** How a repository and a model belong together, and by what. */
interface Link {
  value: 0 | 0.5 | 1;
  by: "framework" | "fork" | "name" | "readme" | "owner" | "nothing";
  /** The README would have decided, but it is not known. */
  open?: Missing;
  word?: string;
}

const links = new WeakMap<CodeEvidence, Link>();

/** The link of an evidence record, worked out once: six metrics ask, and a README can be long. */
function link(evidence: ModelEvidence, code: CodeEvidence): Link {
  const known = links.get(code) ?? findLink(evidence, code);
  links.set(code, known);
  return known;
}

function findLink(evidence: ModelEvidence, code: CodeEvidence): Link {
  const found = code.record.status === "found" ? code.record.value : undefined;
  const repository = found?.full_name ?? code.repository;
  if (isFramework(repository) || isFramework(code.repository)) return { value: 0, by: "framework" };
  if (found?.fork) return { value: 0, by: "fork" };
  const record = evidence.record.status === "found" ? evidence.record.value.id : evidence.source;
  const same = isSameOwner(namespaceOf(record), repository.split("/", 1)[0] ?? "");
  const word = sharedWord(record, repository);
  if (same && word !== undefined) return { value: 1, by: "name", word };
  const ids = [...new Set([record, evidence.source].map((id) => id.toLowerCase()))].filter((id) => id.includes("/"));
  const { readme } = code;
  if (readme?.status === "found" && readmeNames(readme.value, ids)) return { value: 1, by: "readme" };
  if (same) return { value: 0.5, by: "owner" };
  const open = readme === undefined ? NOT_COLLECTED : undecided(readme) ? readme : undefined;
  return { value: 0, by: "nothing", ...(open && { open }) };
}

/** The code repository that counts as the model's own, if it has one. */
export function ownCode(evidence: ModelEvidence): CodeEvidence | undefined {
  const { code } = evidence;
  return code && link(evidence, code).value >= LINKED ? code : undefined;
}

/**
 * What could not be fetched and would say whether the repository that the card names is the model's own. Evidence of format 1,
 * which never asked for the README, does not leave it open: until an update the repository does not count.
 */
export function ownCodeUndecided(evidence: ModelEvidence): Missing | undefined {
  const { code } = evidence;
  if (!code) return undefined;
  if (undecided(code.record) && !isFramework(code.repository)) return code.record;
  const open = code.record.status === "found" ? link(evidence, code).open : undefined;
  return open === NOT_COLLECTED ? undefined : open;
}

/** Whether the code repository that the card names is the model's own. */
export function codeLink(evidence: ModelEvidence): MetricResult {
  const { code } = evidence;
  if (!code) return measured(0, { repository: null, by: "no repository named" }, []);
  const findings = [code.record, code.readme];
  if (undecided(code.record) && !isFramework(code.repository)) {
    return unavailable(`repository ${code.repository}`, code.record, findings);
  }
  if (code.record.status === "absent") {
    return measured(0, { repository: code.repository, by: "the repository is gone" }, findings);
  }
  const { value, by, word, open } = link(evidence, code);
  if (open) return unavailable(`README of ${code.repository}`, open, findings);
  return measured(value, { repository: code.repository, by, shared_word: word ?? null }, findings);
}
