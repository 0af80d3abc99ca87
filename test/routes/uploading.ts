/** What the tests of uploads share: zips, ids that wait for them, uploads in parts. */

import { sha256Hex } from "../../src/lib/hash.ts";
import { writeZip } from "../../src/zip/zip-writer.ts";
import { type Answer, createRegistry, type TestRegistry } from "../harness.ts";

const open = createRegistry();

/** A card that says something to most metrics. */
export const CARD = `---
license: apache-2.0
base_model: acme-labs/aster-base
pipeline_tag: text-generation
---
# Zephyr

## Usage

A model of our own, wherever it blows. ${"It is made of words. ".repeat(60)}

\`\`\`python
from transformers import AutoModel
model = AutoModel.from_pretrained("./zephyr")
print(model)
\`\`\`
`;

/** A zip of some files, stored. */
export function zipOf(files: Record<string, string | Uint8Array>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return writeZip(
    Object.entries(files).map(([path, content]) => ({
      path,
      bytes: typeof content === "string" ? encoder.encode(content) : content,
    })),
  );
}

/** A small model, another one for every `salt`. */
export const modelZip = (salt = "") => zipOf({ "README.md": CARD + salt, "config.json": '{"model_type":"zephyr"}' });

/** Bytes of a zip that is `size` long and holds one file that nobody can compress. */
export function largeZip(size: number): Uint8Array<ArrayBuffer> {
  const overhead = zipOf({ "data.txt": "" }).length;
  const content = new Uint8Array(size - overhead).map((_, index) => 32 + ((index * 7919) % 90));
  return zipOf({ "data.txt": content });
}

export const hexOf = sha256Hex;

/** Issues an id that waits for its content. */
export async function reserveId(type = "model", name = "zephyr", registry: TestRegistry = open): Promise<string> {
  const answer = await registry.call("POST", `/artifact/${type}/upload`, { name });
  if (answer.status !== 201) throw new Error(`reserve: ${answer.status} ${answer.text}`);
  return (answer.json as { id: string }).id;
}

/** An uploaded artifact. */
export async function uploadOne(type = "model", zip = modelZip(), name = "zephyr"): Promise<string> {
  const id = await reserveId(type, name);
  const answer = await open.call("PUT", `/artifacts/${type}/${id}/content`, zip);
  if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${answer.text}`);
  return id;
}

export const PART = 5 * 1024 * 1024;
/** A zip of two parts, the last one short. */
export const twoParts = () => largeZip(PART + 1234);

/** Begins an upload in parts; gives its path. */
export async function startParts(
  id: string,
  zip: Uint8Array,
  type = "model",
  registry: TestRegistry = open,
): Promise<string> {
  const path = `/artifacts/${type}/${id}/content/uploads`;
  const answer = await registry.call("POST", path, { size: zip.length, part_size: PART });
  if (answer.status !== 201) throw new Error(`start: ${answer.status} ${answer.text}`);
  return `${path}/${(answer.json as { upload_id: string }).upload_id}`;
}

/** The bytes of a part, numbered from 1. */
export const partOf = (zip: Uint8Array, number: number) => zip.slice((number - 1) * PART, number * PART);

/** Puts all parts of a zip. */
export async function putParts(path: string, zip: Uint8Array, registry: TestRegistry = open): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let number = 1; (number - 1) * PART < zip.length; number += 1) {
    answers.push(await registry.call("PUT", `${path}/parts/${number}`, partOf(zip, number)));
  }
  return answers;
}
