/**
 * reviewedness: max(peer, community). Peer: share of added lines of the last 100 default-branch commits whose merged pull
 * request an owner, member or collaborator other than its author approved, where at least 2 people did so in these commits;
 * only of a repository that is the model's own (`code_link`), and capped by the model's standing (`standing.ts`), since
 * two accounts can approve each other's. Community: .60 downloads + .25 likes + .15 card, where
 * card = .3 it exists + .4 any of model-index, metrics, evaluation, results + .2 any of datasets, language, license
 * + .1 arXiv. A side that could not be learned is left out of the maximum; both: unavailable.
 */

import type { CodeEvidence, HubRecord, JsonObject, ModelEvidence } from "../evidence.ts";
import { ownCode } from "../signals/code-link.ts";
import { cardOf, papers, papersOfTags } from "./card-facts.ts";
import { readmeOutline } from "./markdown.ts";
import { downloadsScore, likesScore } from "./popularity.ts";
import { type Json, type MetricResult, measured, round4, unavailable, undecided } from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

const RESULT_KEYS = ["model-index", "metrics", "evaluation", "results", "eval_results"];
const FACT_KEYS = ["datasets", "language", "license"];
const RESULT_HEADING = /\b(?:evaluations?|results?|benchmarks?)\b/i;

function filled(card: JsonObject, keys: readonly string[]): boolean {
  return keys.some((key) => {
    const value = card[key];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== "";
  });
}

/** What a community score is made of. */
export interface Community {
  score: number;
  inputs: Record<string, Json>;
}

function communityOf(
  record: HubRecord,
  card: JsonObject,
  has: { card: boolean; results: boolean; paper: boolean },
): Community {
  const downloads = downloadsScore(record.downloads);
  const likes = likesScore(record.likes);
  const points = {
    exists: has.card ? 0.3 : 0,
    results: has.results || filled(card, RESULT_KEYS) ? 0.4 : 0,
    facts: filled(card, FACT_KEYS) ? 0.2 : 0,
    arxiv: has.paper ? 0.1 : 0,
  };
  const described = points.exists + points.results + points.facts + points.arxiv;
  return {
    score: round4(0.6 * downloads + 0.25 * likes + 0.15 * described),
    inputs: {
      downloads: record.downloads ?? 0,
      likes: record.likes ?? 0,
      downloads_score: downloads,
      likes_score: likes,
      card_score: round4(described),
      card_points: points,
    },
  };
}

/** Community score from a hub record alone, without the README's text: a lower bound. */
export function communityOfRecord(record: HubRecord): Community {
  const card = record.card_data ?? {};
  const readme = record.files.some(({ path }) => path === "README.md");
  return communityOf(record, card, {
    card: readme || Object.keys(card).length > 0,
    results: false,
    paper: papersOfTags(record.tags).length > 0,
  });
}

/** Approvals by one person alone are an owner waving things through, or a second account. */
const REVIEWERS_MIN = 2;

/** Share of reviewed lines; 0 where there is no code to review, `undefined` where it could not be learned. */
function peerOf(reviews: CodeEvidence["reviews"] | undefined, cap: number): number | undefined {
  if (undecided(reviews)) return undefined;
  if (reviews?.status !== "found" || reviews.value.added_lines <= 0) return 0;
  const { added_lines, reviewed_lines, reviewers } = reviews.value;
  // counted before only approvals by members were: it says nothing
  if (reviewers === undefined) return undefined;
  return reviewers < REVIEWERS_MIN ? 0 : round4(Math.min(1, cap, reviewed_lines / added_lines));
}

/** How far the model was seen by more eyes than its author's. */
export function reviewedness(evidence: ModelEvidence, standing: Standing): MetricResult {
  const { record, card, readme } = evidence;
  // Counted for a framework, or for any well-kept repository, merely naming one would open the gate for any model.
  const reviews = ownCode(evidence)?.reviews;
  const findings = [reviews, record, card, readme];
  if (undecided(record) && reviews?.status !== "found") return unavailable("model record", record, findings);
  if (evidence.uploaded)
    return unavailable("its users", { status: "unavailable", reason: "an upload has none to count" });
  const peer = peerOf(reviews, standing.cap);
  let community: Community | undefined;
  if (record.status === "found") {
    const headings = readmeOutline(readme)?.headings ?? [];
    community = communityOf(record.value, cardOf(card) ?? record.value.card_data ?? {}, {
      card: card.status === "found" || readme.status === "found",
      results: headings.some((heading) => heading.filled && RESULT_HEADING.test(heading.text)),
      paper: papers(evidence).length > 0,
    });
  }
  const inputs: Record<string, Json> = {
    peer: peer ?? null,
    peer_of: reviews?.status === "found" ? { ...reviews.value } : (reviews?.reason ?? "no code repository of its own"),
    peer_cap: standing.cap,
    community: community?.score ?? null,
    community_of: community?.inputs ?? null,
  };
  return measured(Math.max(peer ?? 0, community?.score ?? 0), inputs, findings);
}
