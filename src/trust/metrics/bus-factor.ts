/**
 * bus_factor: of the contributors with at least 3 contributions to the code repository, p = their share: N = exp(−Σ p ln p), as
 * many people as would do this if all did the same; the score is ½ min(1, N / 10) + ½ (1 − the largest share), capped
 * by the model's standing (`standing.ts`), since the authors of a commit are what its committer writes. Only a repository that
 * is the model's own (`code_link`) counts; without one, the same of the authors of the model's own commits, capped at .5
 * too. Robots (`…[bot]`) are nobody who could be hit by a bus.
 */

import type { Finding, ModelEvidence } from "../evidence.ts";
import { ownCode, ownCodeUndecided } from "../signals/code-link.ts";
import { brief, type MetricResult, measured, round4, unavailable, undecided } from "./result.ts";
import type { Standing } from "./standing.ts";

export const version = 2;

/** Effective people for a full score. */
const PEOPLE_FOR_FULL_SCORE = 10;
/** Fewer contributions are a visit: whoever left them could not carry on. */
const CONTRIBUTIONS_MIN = 3;
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
  const people = shares
    .filter((share) => !share.who.endsWith("[bot]") && share.count >= CONTRIBUTIONS_MIN)
    .toSorted((a, b) => b.count - a.count);
  const effective = effectivePeople(people.map((share) => share.count));
  const total = people.reduce((sum, share) => sum + share.count, 0);
  const largest = total === 0 ? 1 : (people[0]?.count ?? 0) / total;
  return measured(
    Math.min(cap, 0.5 * Math.min(1, effective / PEOPLE_FOR_FULL_SCORE) + 0.5 * (1 - largest)),
    {
      from,
      people: people.length,
      total,
      largest: people.slice(0, 10).map((share) => [brief(share.who), share.count]),
      largest_share: round4(largest),
      effective_people: round4(effective),
      cap,
    },
    [finding],
  );
}

/** How many people the model's code rests on. */
export function busFactor(evidence: ModelEvidence, standing: Standing): MetricResult {
  const code = ownCode(evidence);
  if (code && undecided(code.contributors)) return unavailable(`contributors of ${code.repository}`, code.contributors);
  if (code?.contributors.status === "found") {
    const shares = code.contributors.value.map(({ login, contributions }) => ({ who: login, count: contributions }));
    return scored(code.repository, shares, standing.cap, code.contributors);
  }
  if (code?.contributors.status === "unreadable") {
    return measured(0, { from: code.repository, contributors: code.contributors.reason }, []);
  }
  const open = ownCodeUndecided(evidence);
  if (open) return unavailable(`repository ${evidence.code?.repository}`, open);
  const authors = evidence.commit_authors;
  if (undecided(authors)) return unavailable("authors of the model's commits", authors);
  if (authors.status === "found") {
    const shares = authors.value.map(({ name, commits }) => ({ who: name, count: commits }));
    return scored("commits of the model", shares, Math.min(CAP_WITHOUT_CODE, standing.cap), authors);
  }
  return measured(0, { from: "nothing", people: 0 }, []);
}
