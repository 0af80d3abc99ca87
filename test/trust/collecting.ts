/** A model on the hub, `o/bert`, whose files and surroundings a test makes up. */

import type { ArtifactType } from "../../src/lib/artifact.ts";
import { parseSource } from "../../src/sources/source-url.ts";
import type { Upstream } from "../../src/sources/upstream.ts";
import { type Collected, collect } from "../../src/trust/collect.ts";
import { isModelEvidence, type ModelEvidence } from "../../src/trust/evidence.ts";
import { type Answer, answerWith, json, upstream } from "../sources/answers.ts";

export const HUB = "https://huggingface.co";
export const GITHUB = "https://api.github.com";
export const SHA = "86b5e0934494bd15c9632b12f734a8a67f723594";
export const RECORD = `${HUB}/api/models/o/bert?blobs=true&securityStatus=true`;
export const AT = `${HUB}/o/bert/resolve/${SHA}`;

export const hubRecord = (more: Record<string, unknown> = {}) => ({ id: "o/bert", sha: SHA, siblings: [], ...more });
export const model = (more: Record<string, unknown>, answers: Record<string, Answer> = {}) =>
  answerWith({ [RECORD]: json(hubRecord(more)), ...answers });

export const ask = (type: ArtifactType, url: string, more: Partial<Upstream> = {}) =>
  collect(parseSource(type, url), upstream(more));
export const askModel = (more: Partial<Upstream> = {}) => ask("model", "o/bert", more);

export function evidenceOf({ evidence }: Collected): ModelEvidence {
  if (!isModelEvidence(evidence)) throw new Error("not the evidence of a model");
  return evidence;
}

export const kept = ({ kept: files }: Collected) =>
  Object.fromEntries(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));
