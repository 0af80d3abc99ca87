/** Which of the repositories on GitHub that a card mentions holds the model's code. */

import { CODE_LINKS_MAX } from "../limits.ts";
import { splitCard } from "./card.ts";
import type { CodeEvidence, JsonObject } from "./evidence.ts";
import { isFramework } from "./frameworks.ts";
import { isSameOwner } from "./signals/namespaces.ts";

/** A repository that may be the model's. */
export interface CodeCandidate {
  /** `owner/repo` as it was written. */
  repository: string;
  named_by: Exclude<CodeEvidence["named_by"], "source">;
}

const LINK = /\bgithub\.com\/([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([\w.-]{1,100})/gi;

/** First segments of GitHub's own pages. */
const PAGES: ReadonlySet<string> = new Set(
  "about apps collections features login marketplace orgs search settings site sponsors topics user-attachments".split(
    " ",
  ),
);

/**
 * The repositories that a card names, the most likely first: those whose owner is the model's, then by how well owner and
 * name match the model's id, then by how early they are named. Frameworks count only if nothing else is named.
 */
export function findCodeRepositories(modelId: string, readme: string, card: JsonObject | undefined): CodeCandidate[] {
  const seen = new Map<string, CodeCandidate & { score: number }>();
  const collect = (text: string, named_by: "readme" | "card") => {
    for (const [, owner = "", rest = ""] of text.matchAll(LINK)) {
      if (seen.size >= CODE_LINKS_MAX) return;
      const name = rest.replace(/\.+$/, "").replace(/\.git$/i, "");
      const repository = `${owner}/${name}`;
      const key = repository.toLowerCase();
      if (name === "" || PAGES.has(owner.toLowerCase()) || seen.has(key)) continue;
      seen.set(key, { repository, named_by, score: likeness(modelId, owner, name) });
    }
  };
  for (const value of Object.values(card ?? {})) {
    for (const text of Array.isArray(value) ? value : [value]) if (typeof text === "string") collect(text, "card");
  }
  collect(splitCard(readme).body, "readme");

  const ranked = [...seen.values()].sort((a, b) => b.score - a.score);
  const own = ranked.filter(({ repository }) => !isFramework(repository));
  if (own.length === 0) return ranked.map(({ repository }) => ({ repository, named_by: "framework" }));
  return own.map(({ repository, named_by }) => ({ repository, named_by }));
}

/** More than any likeness of names: somebody else's repository of a similar name is not the model's own. */
const SAME_OWNER_SCORE = 10;

function likeness(modelId: string, owner: string, name: string): number {
  const [modelOwner = "", modelName = modelId] = modelId.includes("/") ? modelId.split("/") : ["", modelId];
  const owned = isSameOwner(modelOwner, owner) ? SAME_OWNER_SCORE : 0;
  return owned + similarity(modelOwner, owner) + 2 * similarity(modelName, name);
}

/** 1 for the same name but for case and punctuation, less for a name inside the other or words in common, else 0. */
function similarity(a: string, b: string): number {
  const [left, right] = [plain(a), plain(b)];
  if (left === "" || right === "") return 0;
  if (left === right) return 1;
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  if (short.length >= 3 && long.startsWith(short)) return 0.8;
  if (short.length >= 4 && long.includes(short)) return 0.6;
  const words = wordsOf(b);
  const common = wordsOf(a).filter((word) => words.includes(word));
  if (common.length === 0) return 0;
  // a long word in common is a family's name, a short one ("7b", "en") may be chance
  return common.some((word) => word.length >= 4) ? 0.5 : 0.25;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length >= 2);
}
