/**
 * Prints what the ratings of the honest set and of the recipes look like: `node test/trust/cases/report.ts` with Node 22.18 or
 * later (`node_modules/.bin/node`). For whoever changes a definition; no test depends on it.
 */

import { SCALAR_METRICS } from "../../../src/trust/rate.ts";
import { SIGNAL_NAMES } from "../../../src/trust/signals/signals.ts";
import { HONEST } from "./honest.ts";
import { RECIPES } from "./recipes.ts";
import { median, rateCase } from "./world.ts";

type Rated = Awaited<ReturnType<typeof rateCase>>;

const scoreOf = (rating: Rated, name: string): number | undefined => {
  const all = { ...rating.metrics, ...rating.signals } as Record<
    string,
    { result: { available: boolean; score?: number } }
  >;
  return all[name]?.result.score;
};
const cell = (value: number | undefined): string => (value === undefined ? "   -" : value.toFixed(2).padStart(4));

/** Pearson's correlation; undefined where one of the two never changes. */
function correlation(pairs: readonly (readonly [number, number])[]): number | undefined {
  const mean = (at: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  const [x, y] = [mean(0), mean(1)];
  const sum = (of: (pair: readonly [number, number]) => number) => pairs.reduce((total, pair) => total + of(pair), 0);
  const spread = Math.sqrt(sum(([a]) => (a - x) ** 2) * sum(([, b]) => (b - y) ** 2));
  return spread === 0 ? undefined : sum(([a, b]) => (a - x) * (b - y)) / spread;
}

const columns = [...SCALAR_METRICS, ...SIGNAL_NAMES];
const row = (name: string, rating: Rated) =>
  `${rating.net_score.toFixed(4)}  ${columns.map((column) => cell(scoreOf(rating, column))).join(" ")}  ${name}`;
const out = (line: string) => process.stdout.write(`${line}\n`);

out(columns.map((name, at) => `${at + 1}:${name}`).join(" "));
const honest = await Promise.all([]).then(async () => {
  const rated: [string, Rated][] = [];
  for (const spec of HONEST) rated.push([`${spec.id} (expert ${spec.expert})`, await rateCase(spec, HONEST)]);
  return rated.toSorted((a, b) => b[1].net_score - a[1].net_score);
});
for (const [name, rating] of honest) out(row(name, rating));
const nets = honest.map(([, rating]) => rating.net_score);
out(`median of the honest set: ${median(nets).toFixed(4)}`);

for (const recipe of RECIPES) out(row(recipe.name, await rateCase(recipe.spec, HONEST)));

out("metric: min, quartiles, max over the honest set; correlation with net");
for (const name of columns) {
  const pairs = honest.flatMap(([, rating]) => {
    const score = scoreOf(rating, name);
    return score === undefined ? [] : [[score, rating.net_score] as const];
  });
  const sorted = pairs.map(([score]) => score).toSorted((a, b) => a - b);
  const at = (share: number) => cell(sorted[Math.round(share * (sorted.length - 1))]);
  const r = correlation(pairs);
  out(
    `${name.padEnd(24)} ${[0, 0.25, 0.5, 0.75, 1].map(at).join(" ")}  r=${r === undefined ? "none: it never changes" : r.toFixed(2)}`,
  );
}
