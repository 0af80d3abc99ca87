/**
 * bus_factor: contributions c of the code repository, p = c / Σc: N = exp(−Σ p ln p), as many
 * people as would do this if all did the same; the score is min(1, N / 10). No repository: the authors of
 * the model's own commits, capped at .5. Robots (`…[bot]`) are nobody who could be hit by a bus.
 */

import type { Finding, ModelEvidence } from "../evidence.ts";
import { brief, type MetricResult, measured, round4, unavailable, undecided } from "./result.ts";

export const version = 1;

/** Effective people for a full score. */
const PEOPLE_FOR_FULL_SCORE = 10;
/** A model repository's commits are mostly uploads by one hand: they cannot show more than this. */
const CAP_WITHOUT_CODE = 0.5;

interface Share {
  who: string;
  count: number;
}

/** Effective number of people, exp of the Shannon entropy of their shares; 0 for nobody. */
export function effectivePeople(counts: readonly number[]): number {
  const positive = counts.filter((count) => count > 0);
  const total = positive.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  return Math.exp(-positive.reduce((sum, count) => sum + (count / total) * Math.log(count / total), 0));
}

function scored(from: string, shares: Share[], cap: number, finding: Finding<unknown>): MetricResult {
  const people = shares.filter((share) => !share.who.endsWith("[bot]") && share.count > 0);
  const effective = effectivePeople(people.map((share) => share.count));
  return measured(
    Math.min(cap, effective / PEOPLE_FOR_FULL_SCORE),
    {
      from,
      people: people.length,
      total: people.reduce((sum, share) => sum + share.count, 0),
      largest: people
        .toSorted((a, b) => b.count - a.count)
        .slice(0, 10)
        .map((share) => [brief(share.who), share.count]),
      effective_people: round4(effective),
      cap,
    },
    [finding],
  );
}

/** How many people the model's code rests on. */
export function busFactor(evidence: ModelEvidence): MetricResult {
  const { code } = evidence;
  if (code && undecided(code.contributors)) return unavailable(`contributors of ${code.repository}`, code.contributors);
  if (code?.contributors.status === "found") {
    const shares = code.contributors.value.map(({ login, contributions }) => ({ who: login, count: contributions }));
    return scored(code.repository, shares, 1, code.contributors);
  }
  const authors = evidence.commit_authors;
  if (undecided(authors)) return unavailable("authors of the model's commits", authors);
  if (authors.status === "found") {
    const shares = authors.value.map(({ name, commits }) => ({ who: name, count: commits }));
    return scored("commits of the model", shares, CAP_WITHOUT_CODE, authors);
  }
  return measured(0, { from: "nothing", people: 0 }, []);
}
