/** A registry to test: the real application on the real bindings, or on bindings that a test has put faults into. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../src/app.ts";
import { sealAudit } from "../src/artifacts/audit/seal.ts";
import { type RecheckBounds, type RecheckOutcome, recheckUploads } from "../src/artifacts/recheck.ts";
import { reconcile } from "../src/artifacts/reconcile.ts";
import { type SweepReport, sweep } from "../src/artifacts/sweep.ts";
import { type Context, createContext } from "../src/context.ts";
import type { Env } from "../src/env.ts";
import { sha256Hex } from "../src/lib/hash.ts";

const app = createApp();

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; whatever a test expects of it, it says so itself. */
  json: unknown;
}

/** The registry as its clients and its cron see it. */
export interface TestRegistry {
  env: Env;
  /** What its jobs wrote to the log. */
  logged: { event: string; [field: string]: unknown }[];
  /** Sends a request and waits for the work that the answer did not wait for. A body that is no string is
   * sent as JSON, bytes and streams as they are; bytes with their length, unless the headers say another. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Registers something that needs no upstream model; gives the id. */
  register(type: "model" | "dataset" | "code", url: string, name?: string): Promise<string>;
  sweep(at?: number): Promise<SweepReport>;
  seal(at?: number): ReturnType<typeof sealAudit>;
  recheck(at?: number, bounds?: RecheckBounds): Promise<RecheckOutcome>;
  reconcile(at?: number, maxPages?: number): ReturnType<typeof reconcile>;
}

/** A registry on the test's bindings, some of them replaced. */
export function createRegistry(replaced: Partial<Env> = {}): TestRegistry {
  const bindings: Env = { ...env, ...replaced };
  const logged: TestRegistry["logged"] = [];

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const execution = createExecutionContext();
    const request = new Request(`https://registry.test${path}`, {
      method,
      headers: { ...headersOf(body), ...headers },
      ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
    });
    const response = await app.fetch(request, bindings, execution);
    const text = await response.text();
    await waitOnExecutionContext(execution);
    const isJson = response.headers.get("Content-Type")?.includes("json") && text !== "";
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  async function register(type: "model" | "dataset" | "code", url: string, name?: string): Promise<string> {
    const answer = await call("POST", `/artifact/${type}`, { url, ...(name !== undefined && { name }) });
    if (answer.status !== 201) throw new Error(`register ${url}: ${answer.status} ${answer.text}`);
    return (answer.json as { metadata: { id: string } }).metadata.id;
  }

  /** Runs a job as cron would, at a time of the test's choosing (milliseconds since 1970). */
  async function job<T>(run: (ctx: Context) => Promise<T>, at = Date.now()): Promise<T> {
    const deferred: Promise<unknown>[] = [];
    const ctx = createContext(bindings, {
      actor: { kind: "cron", schedule: "test" },
      requestId: "test",
      waitUntil: (work) => deferred.push(work),
      log: (_, event, fields) => logged.push({ event, ...fields }),
    });
    const result = await run({ ...ctx, now: () => at });
    await Promise.all(deferred);
    return result;
  }

  return {
    env: bindings,
    logged,
    call,
    register,
    sweep: (at) => job(sweep, at),
    seal: (at) => job(sealAudit, at),
    recheck: (at, bounds) => job((ctx) => recheckUploads(ctx, bounds), at),
    reconcile: (at, maxPages) => job((ctx) => reconcile(ctx, maxPages), at),
  };
}

function isRaw(body: unknown): body is string | Uint8Array | ReadableStream {
  return typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
}

function headersOf(body: unknown): Record<string, string> {
  if (body instanceof Uint8Array) return { "Content-Type": "application/zip", "Content-Length": String(body.length) };
  return body === undefined || body instanceof ReadableStream ? {} : { "Content-Type": "application/json" };
}

/** All keys in the bucket. */
export async function objectKeys(): Promise<string[]> {
  const { objects } = await env.BUCKET.list();
  return objects.map((object) => object.key);
}

/** Rows of a query on the real database. */
export async function rows<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<Row[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<Row>()
  ).results;
}

/**
 * What must hold at every moment, whatever has failed:
 * no object without an artifact, an upload or an open deletion; no artifact without its object, byte for byte; no artifact
 * that is also deleted; at most one audited delete of an artifact, and exactly one of each that is gone; nothing left of what
 * belonged to one.
 */
export async function brokenInvariants(): Promise<string[]> {
  const broken: string[] = [];
  const known = await rows<{ key: string }>(
    `SELECT object_key AS key FROM artifacts UNION ALL SELECT object_key FROM uploads
     UNION ALL SELECT object_key FROM deletions WHERE finished_at IS NULL`,
  );
  const pointed = new Set(known.map((row) => row.key));
  for (const key of await objectKeys()) if (!pointed.has(key)) broken.push(`object ${key} has no row`);

  for (const { object_key, sha256 } of await rows<{ object_key: string; sha256: string }>(
    "SELECT object_key, sha256 FROM artifacts",
  )) {
    const object = await env.BUCKET.head(object_key);
    if (!object) broken.push(`artifact without its object ${object_key}`);
    else if ((object.checksums.toJSON().sha256 ?? (await digestOf(object_key))) !== sha256)
      broken.push(`object ${object_key} is not what its row says`);
  }

  const counted: Record<string, string> = {
    "artifact that is deleted": `SELECT a.id FROM artifacts a JOIN deletions d ON d.artifact_id = a.id AND d.reason = 'deleted'`,
    "delete audited more than once": `SELECT artifact_id AS id FROM audit WHERE action = 'DELETE' AND artifact_id > 0 GROUP BY 1 HAVING count(*) > 1`,
    "delete not audited": `SELECT artifact_id AS id FROM deletions d WHERE reason = 'deleted'
       AND NOT EXISTS (SELECT 1 FROM audit WHERE action = 'DELETE' AND artifact_id = d.artifact_id)`,
    "delete audited that did not happen": `SELECT artifact_id AS id FROM audit u WHERE action = 'DELETE' AND artifact_id > 0
       AND NOT EXISTS (SELECT 1 FROM deletions WHERE reason = 'deleted' AND artifact_id = u.artifact_id)`,
    "registration not audited once": `SELECT a.id FROM artifacts a
       WHERE (SELECT count(*) FROM audit WHERE action = 'CREATE' AND artifact_id = a.id) <> 1`,
    "card without artifact": "SELECT artifact_id AS id FROM cards WHERE artifact_id NOT IN (SELECT id FROM artifacts)",
    "artifact without card": "SELECT id FROM artifacts WHERE id NOT IN (SELECT artifact_id FROM cards)",
    "search entry without artifact": "SELECT rowid AS id FROM search WHERE rowid NOT IN (SELECT id FROM artifacts)",
    "artifact that is not searched": "SELECT id FROM artifacts WHERE id NOT IN (SELECT rowid FROM search)",
    "rating without artifact":
      "SELECT artifact_id AS id FROM ratings WHERE artifact_id NOT IN (SELECT id FROM artifacts)",
    "model without rating": `SELECT id FROM artifacts WHERE type = 'model'
       AND id NOT IN (SELECT artifact_id FROM ratings)`,
    "index without artifact":
      "SELECT artifact_id AS id FROM bundle_index WHERE artifact_id NOT IN (SELECT id FROM artifacts)",
    "inspection without artifact, or of another version of it": `SELECT artifact_id AS id FROM inspections AS i
       WHERE NOT EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = i.artifact_id AND a.version = i.version)`,
    "part without upload": "SELECT upload_id AS id FROM upload_parts WHERE upload_id NOT IN (SELECT id FROM uploads)",
    "multipart upload of an artifact that is gone": `SELECT u.id FROM uploads AS u WHERE multipart_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = u.artifact_id)
       AND NOT EXISTS (SELECT 1 FROM uploads AS r WHERE r.id = u.artifact_id AND r.purpose = 'reservation')`,
    "registration that says it is an artifact and is none, or the other way round": `SELECT id FROM registrations
       WHERE (state = 'registered') <> (id IN (SELECT id FROM artifacts))`,
    "registration that runs without its upload": `SELECT id FROM registrations
       WHERE state = 'running' AND id NOT IN (SELECT id FROM uploads)`,
    "edge without artifact": "SELECT child_id AS id FROM edges WHERE child_id NOT IN (SELECT id FROM artifacts)",
    "count that is off": `SELECT type AS id FROM counts c
       WHERE (artifacts, bytes) <> (SELECT count(*), coalesce(sum(size), 0) FROM artifacts a WHERE a.type = c.type)`,
  };
  // in one batch: the crash tests ask thousands of times
  const names = Object.keys(counted);
  const results = await env.DB.batch<{ id: unknown }>(Object.values(counted).map((sql) => env.DB.prepare(sql)));
  for (const [index, { results: found }] of results.entries()) {
    for (const row of found) broken.push(`${names[index]}: ${row.id}`);
  }
  return broken;
}

/** The SHA-256, in hex, of an object that was written without the store being told it. */
async function digestOf(key: string): Promise<string> {
  const bytes = await (await env.BUCKET.get(key))?.arrayBuffer();
  return bytes ? sha256Hex(new Uint8Array(bytes)) : "none";
}

/** What must hold when everything has come to rest: nothing is owed any more. */
export async function unfinishedWork(): Promise<string[]> {
  const open = await rows<{ key: string }>(
    `SELECT object_key AS key FROM deletions WHERE finished_at IS NULL UNION ALL SELECT object_key FROM uploads`,
  );
  return open.map((row) => row.key);
}
