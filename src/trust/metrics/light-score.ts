/**
 * The light score: what is shown of an ancestor that is not registered. It is not on the scale of a net, and is averaged into
 * nothing.
 *
 * Three metrics that need nothing but its hub record, in equal parts: the licence, the community side of reviewedness
 * (without the README's text, so a lower bound) and the mean of size_score.
 */

import type { HubRecord } from "../evidence.ts";
import { licenseNames } from "./card-facts.ts";
import { scoreOfNames } from "./license.ts";
import { mean, round4 } from "./result.ts";
import { communityOfRecord } from "./reviewedness.ts";
import { meanSizeScore, scoresOfFiles } from "./size-score.ts";

/** Light score of a hub record, 0..1, 4 decimals. */
export function lightScore(record: HubRecord): number {
  const names = licenseNames(record.card_data ?? {}, record.tags);
  const parts = [
    scoreOfNames(names, record.files).score,
    communityOfRecord(record).score,
    meanSizeScore(scoresOfFiles(record.files)),
  ];
  return round4(mean(parts) ?? 0);
}
