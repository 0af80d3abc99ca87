/**
 * JSON, JSON Lines, notebooks, and the configurations of Keras among them.
 *
 * Invariant: a text is JSON if all of it parses, as one value or line by line. A text that begins as an object of JSON and
 * does not parse is malformed, not plain: a parser that is more lenient may read it.
 */

import type { FindingCode } from "../../findings.ts";
import type { FileContent, Format, Note, Scene } from "../../format.ts";
import { scanWhole } from "../reading/json-scan.ts";
import { textOf } from "../reading/text.ts";
import { type JsonFacts, JsonJudge } from "./json-judge.ts";
import { inspectText } from "./plain.ts";

interface Parsed {
  readonly kind: "json" | "jsonl" | "keras" | "notebook" | "malformed" | "long";
  readonly findings: readonly (readonly [FindingCode, string])[];
  readonly facts?: JsonFacts;
}

const parsed = new WeakMap<FileContent, Promise<Parsed | undefined>>();

function parse(content: FileContent): Promise<Parsed | undefined> {
  let result = parsed.get(content);
  if (!result) {
    result = parseText(content);
    parsed.set(content, result);
  }
  return result;
}

async function parseText(content: FileContent): Promise<Parsed | undefined> {
  const read = await textOf(content);
  if (read.kind === "binary") return undefined;
  if (read.kind === "long") return startsAsObject(content) ? { kind: "long", findings: [] } : undefined;
  const { text } = read;
  if (!/^\s*[[{"\d-]/.test(text)) return undefined;
  const findings: [FindingCode, string][] = [];
  const note: Note = (code, detail) => void findings.push([code, detail]);
  const judge = new JsonJudge(note);
  if (scanWhole(text, judge)) {
    const facts = judge.facts();
    return { kind: facts.keras ? "keras" : facts.notebook ? "notebook" : "json", findings, facts };
  }
  findings.length = 0;
  const lines = parseLines(text, note);
  if (lines) return { kind: lines.keras ? "keras" : "jsonl", findings, facts: lines };
  if (!/^\s*\{\s*["}]/.test(text)) return undefined;
  return { kind: "malformed", findings };
}

function startsAsObject({ head }: FileContent): boolean {
  return /^\s*[[{]/.test(new TextDecoder().decode(head));
}

/** One judge for all lines: every line is a value of its own. */
function parseLines(text: string, note: Note): JsonFacts | undefined {
  let values = 0;
  const judge = new JsonJudge(note);
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end).trim();
    at = end + 1;
    if (line === "") continue;
    if (!/^[[{]/.test(line) || !scanWhole(line, judge)) return undefined;
    values += 1;
  }
  return values > 0 ? judge.facts() : undefined;
}

async function inspect(content: FileContent, note: Note, scene: Scene): Promise<void> {
  const result = await parse(content);
  if (!result) return;
  for (const [code, detail] of result.findings) note(code, detail);
  if (result.kind === "long") return note("bound_reached", "a JSON text too long to be parsed");
  if (result.kind === "malformed") {
    note("format_malformed", "begins as JSON and is none");
    // it may be YAML, of which JSON is a part
    const read = await textOf(content);
    if (read.kind === "text") inspectText(content, read.text, note, scene);
    return;
  }
  if (scene.type !== "code") {
    if (result.kind === "notebook") note("source_code", "a notebook");
    if (scene.name === "package.json") note("source_code", "a package, whose scripts may run when it is installed");
  }
  if (result.facts) await judgeEmbedded(result.facts, scene);
}

/** Judges the pickles that were found in base64. */
async function judgeEmbedded({ embedded }: JsonFacts, scene: Scene): Promise<void> {
  for (const [index, text] of embedded.entries()) {
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.from(atob(text.replace(/\s/g, "")), (char) => char.charCodeAt(0));
    } catch {
      continue;
    }
    await scene.inspectInner(`serialized-${index}.pkl`, bytes);
  }
}

const format = (kind: string, kinds: readonly Parsed["kind"][]): Format => ({
  kind,
  recognise: async (content) => {
    const result = await parse(content);
    return result !== undefined && kinds.includes(result.kind);
  },
  inspect,
});

/** A configuration of Keras, wherever it lies. */
export const kerasConfig = format("keras-config", ["keras"]);
export const notebook = format("notebook", ["notebook"]);
export const json = format("json", ["json", "malformed", "long"]);
export const jsonLines = format("jsonl", ["jsonl"]);
