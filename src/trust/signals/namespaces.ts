/**
 * Which owners on GitHub are the same people as a namespace on the hub.
 *
 * Equal names are taken for the same owner, ignoring case and `-_.`. The table has those that are not equal; its entries
 * were read in the organisation's own pages, never guessed: whoever is added here lends a model the standing of a
 * repository.
 */

/** Namespace on the hub -> owners on GitHub, both in lower case. Each line names where the link is stated. */
const SAME_OWNER: ReadonlyMap<string, readonly string[]> = new Map([
  // README of google-research/bert, and the card of google-bert/bert-base-uncased ("first released in this repository")
  ["google-bert", ["google-research"]],
  // README of google-research/text-to-text-transfer-transformer lists the t5 checkpoints
  ["google-t5", ["google-research"]],
  // README of google-research/t5x lists the flan-t5 checkpoints; README of google-deepmind/gemma
  ["google", ["google-research", "google-deepmind"]],
  // README of google-research/albert
  ["albert", ["google-research"]],
  // card of openai-community/gpt2 links the model card in openai/gpt-2
  ["openai-community", ["openai"]],
  // README of facebookresearch/dinov2 and of facebookresearch/segment-anything-2 link huggingface.co/facebook
  ["facebook", ["facebookresearch"]],
  ["facebookai", ["facebookresearch"]],
  // README of QwenLM/Qwen3 links huggingface.co/Qwen
  ["qwen", ["qwenlm"]],
  // README of FlagOpen/FlagEmbedding links huggingface.co/BAAI
  ["baai", ["flagopen"]],
  // README of bigcode-project/starcoder links huggingface.co/bigcode
  ["bigcode", ["bigcode-project"]],
  // README of bigscience-workshop/petals and of bigscience-workshop/bigscience link huggingface.co/bigscience
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
