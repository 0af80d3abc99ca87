/**
 * What `npm run hub` says of itself: the models, how large they are, and which of them a registry can mirror.
 *
 * Invariant: a model is listed as "yes" only if a mirror of it ends well (`listing.test.ts` runs them).
 */

import { allCode, allHubRepos, type Content, type HubRepo } from "./catalogue.ts";

/** Models whose files are all there and that a mirror refuses all the same, with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  "acme-labs/loaded": "refused: unsafe pickle",
  "acme-labs/loaded-vocabulary": "refused: unsafe pickle",
  "acme-labs/twin-names": "refused: file names that differ by case only",
};

/** Filler instead of a header: the file's digest is right, and no reader could load it. */
const isUnsound = ([path, content]: [string, Content]) =>
  path.endsWith(".safetensors") && typeof content === "object" && "bytes" in content;

const encoder = new TextEncoder();

function bytesOf(content: Content): number {
  if (typeof content === "string") return encoder.encode(content).byteLength;
  return Object.values(content)[0] ?? 0;
}

/** Bytes of all files of a repository. */
export function sizeOf({ files }: Pick<HubRepo, "files">): number {
  return Object.values(files).reduce((sum: number, content) => sum + bytesOf(content), 0);
}

/** Whether a registry without a token can mirror the repository: `yes`, or the reason why not. */
export function mirrorable(repo: HubRepo): string {
  if (repo.private) return "no: private";
  if (Object.values(repo.files).some((content) => typeof content === "object" && "declared" in content)) {
    return "no: its weights have a size but no content";
  }
  if (repo.gated) return "no: gated";
  if (Object.entries(repo.files).some(isUnsound)) return "refused: its weights are not a sound safetensors file";
  return REFUSED[repo.id] ?? "yes";
}

/** `3.0 MB` */
function readable(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

/** The text, several lines. Models that can be mirrored come first. */
export function listing(origin: string): string {
  const repos = allHubRepos();
  const models = repos
    .filter(({ kind }) => kind === "models")
    .map((repo) => ({ repo, mirror: mirrorable(repo) }))
    .toSorted((a, b) => Number(b.mirror === "yes") - Number(a.mirror === "yes"));
  const width = Math.max(...models.map(({ repo }) => repo.id.length));
  const rows = models.map(
    ({ repo, mirror }) => `  ${repo.id.padEnd(width)}  ${readable(sizeOf(repo)).padStart(8)}  ${mirror}`,
  );
  const datasets = repos.filter(({ kind }) => kind === "datasets").map(({ id }) => id);
  const code = allCode().map(({ host, fullName }) => `${host}.com/${fullName}`);
  return [
    `The offline hub stands in for Hugging Face, GitHub and GitLab on ${origin}`,
    `  ${"model".padEnd(width)}  ${"size".padStart(8)}  can be mirrored`,
    ...rows,
    `datasets: ${datasets.join(" ")}`,
    `code: ${code.join(" ")}`,
    "Start the registry on it, in another terminal:",
    `  npm run dev -- --var HF_ENDPOINT:${origin} --var GITHUB_API_URL:${origin}`,
    "",
  ].join("\n");
}
