/**
 * license_text, 0 | 1: 1 if the text of a licence lies at the top of the repository, as a file of at least 400 bytes (the
 * shortest texts in use, 0BSD and WTFPL, have about 500). The text is not compared with what the card declares.
 */

import type { ModelEvidence } from "../evidence.ts";
import { type MetricResult, measured, unavailable, undecided } from "../metrics/result.ts";

export const version = 1;

const LICENSE_FILE = /^(?:licen[cs]e|copying|unlicense)(?:[.-][\w.-]{0,60})?$/i;
const TEXT_MIN_BYTES = 400;

/** Whether whoever copies the model gets the text of its licence with it. */
export function licenseText({ record }: ModelEvidence): MetricResult {
  if (undecided(record)) return unavailable("model record", record);
  const files = record.status === "found" ? record.value.files : [];
  const file = files.find(({ path, size }) => LICENSE_FILE.test(path) && (size ?? TEXT_MIN_BYTES) >= TEXT_MIN_BYTES);
  return measured(file ? 1 : 0, { file: file?.path ?? null, bytes: file?.size ?? null }, [record]);
}
