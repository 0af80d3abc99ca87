/** What the tests of the routes share: exact answers, what the whole world looks like, and artifacts in volume. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { type Answer, rows } from "../harness.ts";

/** What a client sees of an answer: to be compared whole, so that a key too many is a failure too. */
export const seen = (answer: Answer): [number, unknown] => [answer.status, answer.json];

/** The contract's error envelope, and nothing beside it. */
export const refusal = (status: number, detail: string): [number, { detail: string }] => [status, { detail }];

export const NO_ARTIFACT = refusal(404, "Artifact does not exist.");
export const ALREADY_EXISTS = [409, { detail: "Artifact exists already.", id: expect.stringMatching(/^[1-9]\d*$/) }];
export const INTERNAL = refusal(500, "Internal server error.");
export const UNAUTHENTICATED: [number, { detail: string; reason: string }] = [
  403,
  {
    detail: "Authentication failed due to invalid or missing AuthenticationToken.",
    reason: expect.stringMatching(/X-Authorization: bearer <token>.*PUT \/authenticate/),
  },
];

/** A source that no upstream answers for: registers as dataset or code. */
export const source = (name: string | number): string => `https://files.example.org/${name}.tar`;

/** An artifact as a registration or a read answered it. */
export interface Artifact {
  metadata: { name: string; id: string; type: string };
  data: { url: string; download_url?: string };
}
export const artifactIn = (answer: Answer): Artifact => answer.json as Artifact;

/** Path and query of an artifact's download link. */
export function linkIn(answer: Answer): string {
  const link = artifactIn(answer).data.download_url;
  if (link === undefined) throw new Error(`no download_url: ${answer.status} ${answer.text}`);
  return new URL(link).pathname + new URL(link).search;
}

const TABLES = ["artifacts", "cards", "edges", "uploads", "deletions", "audit", "jobs"];

/** Every row and every object there is: equal before and after what must change nothing. */
export async function world(): Promise<Record<string, unknown>> {
  const tables = await Promise.all(TABLES.map(async (table) => [table, await rows(`SELECT * FROM ${table}`)]));
  const { objects } = await env.BUCKET.list();
  return { ...Object.fromEntries(tables), objects: objects.map(({ key, etag }) => ({ key, etag })) };
}

/** A world in which nothing was ever written. */
export const NOTHING = { ...Object.fromEntries(TABLES.map((table) => [table, []])), objects: [] };

/**
 * Artifacts in volume: rows as registrations leave them, without their objects. Ids follow each other from the next free one.
 * `name` and `key` are SQL over `i`, which counts from 1.
 */
export async function insertArtifacts(
  count: number,
  { type = "code", name = "'item-' || i" }: { type?: "model" | "dataset" | "code"; name?: string } = {},
): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO uploads (type, name, size, sha256, started_at, started_by)
       SELECT ?2, ${name}, 22, 'none', 0, 'anonymous' FROM n`,
    ).bind(count, type),
    env.DB.prepare(
      `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
       SELECT id, type, name, 'https://files.example.org/volume-' || id, 'volume-' || id, 'volume-' || id, object_key,
              size, sha256, id, 0, 0 FROM uploads`,
    ),
    env.DB.prepare("INSERT INTO cards (artifact_id, text) SELECT id, '' FROM uploads"),
    env.DB.prepare(
      `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
       SELECT 0, 'anonymous', 'volume', 'CREATE', id, type, name FROM uploads`,
    ),
    env.DB.prepare("DELETE FROM uploads"),
  ]);
}

/** Where in a value there is a null: the contract has none. */
export function nullsIn(value: unknown, path = "$"): string[] {
  if (value === null) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => nullsIn(item, `${path}.${key}`));
}

/** The ids of a list as spans, `1-1000 1002`: a page in one line, its order and its gaps included. */
export function spansOf(answer: { json: unknown }): string {
  const spans: [number, number][] = [];
  for (const { id } of answer.json as { id: string }[]) {
    const last = spans.at(-1);
    if (last && last[1] + 1 === Number(id)) last[1] += 1;
    else spans.push([Number(id), Number(id)]);
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(" ");
}
