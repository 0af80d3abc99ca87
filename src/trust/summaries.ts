/** One sentence for each metric and signal of an explanation: what was found, and what holds the score where it is. */

import type { Json } from "./metrics/result.ts";

type Inputs = Record<string, Json>;

/** What a sentence is made from: a score with its inputs, or the reason why there is none. */
export type Summarized = { available: true; score: Json; inputs: Inputs } | { available: false; reason: string };

const asText = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));
const list = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(asText) : []);
const entriesOf = (value: Json | undefined): [string, Json][] =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
const joined = (items: readonly string[], none: string): string => (items.length === 0 ? none : items.join(", "));

/** Which of a metric's points are missing. */
function lacking(points: Json | undefined): string {
  const missing = entriesOf(points).flatMap(([name, value]) => (value === 0 ? [name.replaceAll("_", " ")] : []));
  return missing.length === 0 ? "Nothing is missing." : `Missing: ${missing.join(", ")}.`;
}

const SENTENCES: Readonly<Record<string, (inputs: Inputs) => string>> = {
  net_score: (of) => {
    const lowest = entriesOf(of["mean_of"])
      .filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .toSorted((a, b) => a[1] - b[1])
      .slice(0, 3);
    return `The mean of ${entriesOf(of["mean_of"]).length} metrics; lowest: ${lowest.map(([name, value]) => `${name} ${value}`).join(", ")}.`;
  },
  ramp_up_time: (of) =>
    of["readme"] === undefined
      ? `A card of ${asText(of["words"])} words (500 give full points). ${lacking(of["points"])}`
      : "There is no README that can be read.",
  bus_factor: (of) =>
    of["people"] === 0 || of["people"] === undefined
      ? `Nobody is known to have contributed three times or more (${asText(of["from"])}).`
      : `${asText(of["people"])} people with at least 3 contributions (${asText(of["from"])}), the busiest with ${percent(of["largest_share"])} of them.`,
  performance_claims: (of) =>
    of["points"] === undefined
      ? `No results in the card's model-index; ${of["table"] ? "a table with numbers near a benchmark's name" : "no table of results"}.`
      : `${asText(of["results"])} results on ${asText(of["datasets"])} datasets, ${asText(of["datasets_on_the_hub"])} of which the hub has; ${asText(of["backed_elsewhere"])} backed by somebody else's page. ${lacking(of["points"])}`,
  license: (of) => `The card says ${asText(of["license"])}, which is ${joined(list(of["categories"]), "no licence")}.`,
  dataset_and_code_score: (of) =>
    `Datasets: ${joined(list(of["datasets"]), "none declared")}; code: ${of["repository"] ? `${asText(of["repository"])}${of["own_code"] ? "" : ", which does not count as the model's own"}` : "none named"}. ${lacking(of["points"])}`,
  dataset_quality: (of) =>
    of["declared"] === 0
      ? "No dataset is declared."
      : `${asText(of["looked_at"])} of ${asText(of["declared"])} declared datasets were looked at: ${entriesOf(
          of["datasets"],
        )
          .map(([id, value]) => `${id} ${asText(entriesOf(value).find(([key]) => key === "score")?.[1])}`)
          .join(", ")}.`,
  code_quality: (of) =>
    of["own"] === true
      ? `${asText(of["repository"])}. ${lacking(of["points"])}`
      : of["repository"] === undefined
        ? "The card names no code repository."
        : `${asText(of["repository"])} does not count as the model's own code.`,
  reproducibility: (of) =>
    of["snippets"] === 0 || of["obstacles"] === undefined
      ? "The card shows no code that loads a model."
      : `Code blocks that load this model: ${asText(of["snippets_of_this_model"])}. In the way: ${joined(list(of["obstacles"]), "nothing")}.`,
  reviewedness: (of) =>
    `Code approved by others: ${of["peer"] === undefined ? "not known" : percent(of["peer"])}; the community's side is ${asText(of["community"])} (downloads, likes, card). The greater counts.`,
  tree_score: (of) =>
    `Its own mean is ${asText(of["own"])}; ${of["ancestor_count"] === 0 ? "no registered ancestor counts" : `${asText(of["ancestor_count"])} registered ancestors have ${asText(of["mean_of_ancestors"])}`}; left out: ${Array.isArray(of["left_out"]) ? of["left_out"].length : 0}.`,
  size_score: (of) =>
    of["bytes"] === undefined
      ? "No complete weights of known size."
      : `${asText(of["format"])}, ${asText(of["gib"])} GiB, against the memory of four kinds of machine.`,
  code_link: (of) =>
    of["repository"] === undefined
      ? "The card names no code repository."
      : `${asText(of["repository"])}: ${LINKED_BY[asText(of["by"])] ?? asText(of["by"])}.`,
  artifact_safety: (of) =>
    [
      ["Executables", of["executables"]],
      ["Unsafe by a scan", of["unsafe"]],
      ["Code that a loader runs", of["code_that_runs"]],
      ["Files that may run code when loaded", of["may_run_code"]],
      ["Suspicious by a scan", of["suspicious"]],
    ]
      .flatMap(([what, files]) =>
        list(files ?? []).length > 0 ? [`${asText(what)}: ${list(files ?? []).join(", ")}.`] : [],
      )
      .concat(`The hub's scan: ${asText(of["scan"])}.`)
      .join(" "),
  maturity: (of) =>
    of["trusted_namespace"] ? "Its namespace is in TRUSTED_NAMESPACES." : `On the hub for ${asText(of["days"])} days.`,
  openness: (of) =>
    `Class ${asText(of["class"])} of the Model Openness Framework. Missing: ${joined(
      list(of["missing"]).map((name) => name.replaceAll("_", " ")),
      "nothing",
    )}.`,
  card_sections: (of) =>
    `Sections without content: ${joined(
      list(of["missing"]).map((name) => name.replaceAll("_", " ")),
      "none",
    )}.`,
  license_text: (of) =>
    of["file"] ? `${asText(of["file"])} is there.` : "No text of a licence lies in the repository.",
};

const LINKED_BY: Readonly<Record<string, string>> = {
  framework: "a framework, and so no model's own code",
  fork: "a fork, whose people and files are those of another project",
  name: "its owner is the model's namespace, and the names share a word",
  readme: "its README names this model",
  owner: "its owner is the model's namespace, but nothing ties it to this model",
  nothing: "neither its owner nor its README ties it to this model",
};

function percent(value: Json | undefined): string {
  return typeof value === "number" ? `${Math.round(value * 100)} %` : "?";
}

/** A sentence about a metric or signal; says also where a cap was what decided. */
export function summarize(name: string, of: Summarized): string {
  if (!of.available) return `Not available: ${of.reason}. It does not count.`;
  const sentence = SENTENCES[name]?.(of.inputs) ?? "";
  const cap = of.inputs["cap"];
  const capped = typeof cap === "number" && of.score === cap && cap < 1;
  return capped ? `${sentence} Capped at ${cap}: a claim counts by who else stands behind the model.` : sentence;
}
