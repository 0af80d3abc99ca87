/**
 * Which owners on GitHub are the same people as a namespace on the hub.
 *
 * Equal names are taken for the same owner, ignoring case and `-_.`. The table has those that are not equal; its entries
 * were read in the organisation's own pages, never guessed: whoever is added here lends a model the standing of a
 * repository.
 */

/** Namespace on the hub -> owners on GitHub, both in lower case. Each line names where the link is stated. */
const SAME_OWNER: ReadonlyMap<string, readonly string[]> = new Map([
  // card of google-bert/bert-base-uncased: "first released in" google-research/bert
  ["google-bert", ["google-research"]],
  // card of google-t5/t5-small: its repository is google-research/text-to-text-transfer-transformer
  ["google-t5", ["google-research"]],
  // card of google/flan-t5-small: its checkpoints are those of google-research/t5x; README of google-deepmind/gemma loads google/gemma-2b-flax
  ["google", ["google-research", "google-deepmind"]],
  // card of openai-community/gpt2: its model card is in openai/gpt-2
  ["openai-community", ["openai"]],
  // docs/MUSICGEN.md of facebookresearch/audiocraft: its models are facebook/musicgen-*
  ["facebook", ["facebookresearch"]],
  // README of QwenLM/Qwen3: "Hugging Face" leads to huggingface.co/Qwen
  ["qwen", ["qwenlm"]],
  // README of FlagOpen/FlagEmbedding: its models are BAAI/*
  ["baai", ["flagopen"]],
  // README of bigcode-project/starcoder: fine-tunes bigcode/*
  ["bigcode", ["bigcode-project"]],
  // README of bigscience-workshop/petals: its model card is that of bigscience/bloom
  ["bigscience", ["bigscience-workshop"]],
]);

const plain = (name: string): string => name.toLowerCase().replace(/[-_.]/g, "");

/** The namespace of a hub id; empty for an id of one segment. */
export function namespaceOf(id: string): string {
  return id.includes("/") ? (id.split("/", 1)[0] ?? "") : "";
}

/** Whether an owner on GitHub goes by the same name as a namespace on the hub, or is known to be the same people. */
export function isSameOwner(namespace: string, owner: string): boolean {
  if (namespace === "" || owner === "") return false;
  const known = SAME_OWNER.get(namespace.toLowerCase()) ?? [];
  return plain(namespace) === plain(owner) || known.includes(owner.toLowerCase());
}
