/** Scores of downloads and likes: how many have used a model, and how many said so. */

/** Least value and the score from there on, the largest first. */
export type Steps = readonly (readonly [number, number])[];

/** Downloads a month and their score. */
const DOWNLOADS: Steps = [
  [20_000_000, 1],
  [5_000_000, 0.9],
  [1_000_000, 0.8],
  [100_000, 0.6],
  [10_000, 0.4],
  [1_000, 0.2],
  [1, 0.1],
];
/** Likes and their score. */
const LIKES: Steps = [
  [1000, 1],
  [200, 0.8],
  [50, 0.6],
  [10, 0.4],
  [1, 0.2],
];

/** The score of a value; 0 below all steps. */
export function step(value: number | undefined, steps: Steps): number {
  return steps.find(([least]) => (value ?? 0) >= least)?.[1] ?? 0;
}

/** Score of a month's downloads, 0..1. */
export const downloadsScore = (downloads: number | undefined): number => step(downloads, DOWNLOADS);
/** Score of likes, 0..1. */
export const likesScore = (likes: number | undefined): number => step(likes, LIKES);
