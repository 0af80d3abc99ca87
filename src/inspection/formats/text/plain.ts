/**
 * Any other text: prose, tables, settings, programs.
 *
 * Invariant: every text is looked through for what a loader of YAML, of logging settings or of TensorFlow's text format
 * would run. Names add findings: a text that is called a program is one, and a text that is called JSON must be JSON.
 */

import type { FileContent, Format, Note, Scene } from "../../format.ts";
import { textOf } from "../reading/text.ts";
import { checkDatasetCard } from "./dataset-card.ts";
import { checkTemplate } from "./jinja.ts";
import { findProgram, hasShebang } from "./source.ts";
import { checkYaml } from "./yaml-settings.ts";
import { checkTags } from "./yaml-tags.ts";

/** Any text. It comes last: other formats are texts, too. */
export const plainText: Format = {
  kind: "text",
  recognise: async (content) => (await textOf(content)).kind !== "binary",
  async inspect(content, note, scene) {
    const read = await textOf(content);
    if (read.kind === "text") inspectText(content, read.text, note, scene);
    else note("bound_reached", "a text too long to be looked through");
  },
};

/** Notes what a loader would run of any text. */
export function inspectText({ head }: FileContent, raw: string, note: Note, { type, name }: Scene): void {
  // line breaks to YAML, of which JavaScript does not know the first
  const text = raw.replace(/[\u0085\u2028\u2029]/g, "\n");
  const named = findProgram(name, text);
  const program = hasShebang(head) ? "a script, by its first line" : named;
  if (program && type !== "code") note("source_code", program);
  if (/\.(?:jinja2?|j2)$/.test(name)) checkTemplate(text, note);
  if (/\.(?:x?html?|shtml|svgz?|xml|xsl|xslt|mhtml?|hta|xaml)$/.test(name)) {
    note("active_document", "a document that may hold scripts or refer to others");
  }
  if (/\.(?:json|ipynb|webmanifest)$/.test(name)) note("format_malformed", "called JSON, and is none");
  if (/\.(?:pbtxt|textproto|textpb|prototxt)$/.test(name)) note("opaque_format", "a graph as text");
  const yaml = /\.ya?ml$/.test(name) || name === "mlmodel";
  checkTags(text, yaml, note);
  if (yaml || text.startsWith("---")) checkYaml(text, yaml, note);
  checkDatasetCard(text, name, note);
  // programs say `target: some.type` of their own; to YAML, the first line of a script is a comment
  if (named && !yaml) return;
  for (const loaded of LOADED) if (isLoaded(text, loaded)) note(loaded.code, loaded.detail);
}

/** What loaders of settings import, evaluate or run, wherever it stands at the beginning of a line. */
interface Loaded {
  /** One of them is in every text that the pattern matches: looking for a word is far cheaper than trying every line. */
  readonly words: readonly string[] | RegExp;
  readonly pattern: RegExp;
  readonly code: "remote_code" | "opaque_format" | "keras_custom";
  readonly detail: string;
}

const LOADED: readonly Loaded[] = [
  {
    words: ["_target_"],
    pattern: /^[ \t-]{0,200}['"]?_target_['"]?[ \t]{0,20}:/m,
    code: "remote_code",
    detail: "_target_: a class that a loader imports",
  },
  {
    words: ["target"],
    pattern: /^[ \t-]{0,200}['"]?target['"]?[ \t]{0,20}:[ \t]{0,20}['"]?[A-Za-z_]\w{0,200}\.\w/m,
    code: "remote_code",
    detail: "target: a class that a loader imports",
  },
  {
    words: ["loader_module"],
    pattern: /^[ \t-]{0,200}loader_module[ \t]{0,20}:/m,
    code: "remote_code",
    detail: "loader_module: a module that MLflow imports",
  },
  {
    words: /_remote_code/i,
    pattern: /^[ \t-]{0,200}['"]?trust_remote_code['"]?[ \t]{0,20}:[ \t]{0,20}(?:true|yes|on)\b/im,
    code: "remote_code",
    detail: "asks for remote code to be trusted",
  },
  {
    words: ["class_name"],
    pattern: /^[ \t-]{0,200}['"]?class_name['"]?[ \t]{0,20}:[ \t]{0,20}['"]?(?:\w{0,100}>)?(?:Lambda|__lambda__)\b/m,
    code: "keras_custom",
    detail: "a lambda layer of Keras",
  },
  {
    words: ["[handler", "[formatter", "[logger"],
    pattern: /^[ \t]{0,200}\[(?:handlers|formatters|loggers|(?:handler|formatter|logger)_\w{1,100})\]/m,
    code: "remote_code",
    detail: "logging settings, whose arguments are evaluated",
  },
  {
    words: ["meta_graphs", "saved_model_schema_version", "node_def", "meta_info_def"],
    pattern: /(?:^|[\s;{])(?:meta_graphs|saved_model_schema_version|node_def|meta_info_def)\s{0,20}[{<:]/,
    code: "opaque_format",
    detail: "a graph of TensorFlow as text",
  },
  {
    words: ["node"],
    pattern: /(?:^|[\s;{}>])node\s{0,20}[{<]\s{0,200}(?:name|op)\s{0,20}:/,
    code: "opaque_format",
    detail: "a graph of TensorFlow as text",
  },
  {
    // at the beginning of the text alone
    words: ["\n"],
    pattern: /^(?:RD[ABX][123]\n|A\n[23]\n\d+\n)/,
    code: "opaque_format",
    detail: "objects of R",
  },
];

function isLoaded(text: string, { words, pattern }: Loaded): boolean {
  const hasWord = words instanceof RegExp ? words.test(text) : words.some((word) => text.includes(word));
  return hasWord && pattern.test(text);
}
