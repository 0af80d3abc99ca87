/** Requests from the document: random ones that are valid or nearly so, and some that no client means. */

import { writeZip } from "../../src/zip/zip-writer.ts";
import type { Document, Operation } from "./document.ts";
import type { Random } from "./random.ts";
import { type Making, makeValue, ODD_TEXTS, zipEntries } from "./values.ts";
import type { Subject, World } from "./world.ts";

/** A request, whole: what a failure prints. */
export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** The operation that it means; missing where its path or its method make it another's, or nobody's. */
  operation?: Operation;
  body?: string | Uint8Array;
}

/** How often an operation is drawn against the others: what fills the registry more, what empties it less. */
const WEIGHTS: Record<string, number> = {
  "POST /artifact/{artifact_type}": 2,
  "POST /artifact/{artifact_type}/upload": 1.5,
  "PUT /artifacts/{artifact_type}/{id}": 1.5,
  "DELETE /artifacts/{artifact_type}/{id}": 0.7,
  "POST /artifacts/delete": 0.3,
  "DELETE /reset": 0.03,
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

/** Headers that anybody may send with anything. */
const NOISE: readonly [string, readonly string[]][] = [
  ["Origin", ["https://evil.example", "null", "https://registry.test"]],
  ["X-Request-Id", ["r-1", "x".repeat(300), "a b", "<script>"]],
  ["X-D1-Bookmark", ["00000000-0000000a-00004e21-abcdef", "'; DROP TABLE artifacts", "x"]],
  ["X-Authorization", ["bearer x", "", "bearer"]],
  ["Authorization", ["Basic AAAA", "Bearer ".padEnd(500, "x")]],
  ["Accept", ["text/html", "*/*;q=0.1", "application/xml"]],
  ["Content-Type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"]],
  ["Prefer", ["respond-async", ",,respond-async;;", "x"]],
  ["If-Match", ["*", '"', 'W/"1-1"', ","]],
  ["If-None-Match", ["*", "x"]],
  ["Range", ["bytes=0-0", "bytes=-", "bytes=999999999999999999-", "x"]],
  ["Cookie", ["a=b"]],
];

/** Bodies that are no value of any schema. */
function rawBody(random: Random): string {
  return random.pick([
    "",
    "not json",
    "{",
    '{"url":"x"',
    '{"url":"a","url":"b"}',
    "\ufeff{}",
    "[1,2",
    "NaN",
    '"\u0000"',
    '{"a":1e999}',
    "[".repeat(5000),
    "[".repeat(2000) + "]".repeat(2000),
    '{"a":'.repeat(3000),
    `{"__proto__":{"polluted":true},"url":"x"}`,
    `{"name":"${"x".repeat(70_000)}"}`,
    " ".repeat(1000),
  ]);
}

/** Draws requests of a document, with what the world has become. */
export function createGenerator(
  document: Document,
  world: World,
  random: Random,
  { hasAccounts }: { hasAccounts: boolean },
): () => FuzzRequest {
  // What an open registry does not have at all (users, tokens) is asked for now and then.
  const weights = document.operations.map(
    ({ method, path, responses }) => WEIGHTS[`${method} ${path}`] ?? ("501" in responses && !hasAccounts ? 0.2 : 1),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  function drawOperation(): Operation {
    let left = random.next() * total;
    const index = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    const operation = document.operations[index] ?? document.operations[0];
    if (!operation) throw new Error("a document without operations");
    return operation;
  }

  return () => {
    const operation = drawOperation();
    const spoil = random.pick([0, 0, 0, 0.01, 0.05, 0.25]);
    const making: Making = {
      random,
      world,
      subject: "501" in operation.responses ? world.account(random) : world.subject(random, likely(operation)),
      schemas: document.schemas,
      spoil,
    };
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let path = operation.path;
    let isMeant = true;
    for (const parameter of operation.parameters) {
      const value = makeValue(parameter.schema, parameter.name, making);
      if (value === undefined) continue;
      const text = asText(value);
      if (parameter.in === "path") {
        const segment = inPath(text, random);
        path = path.replace(`{${parameter.name}}`, () => segment);
        isMeant &&= segment === encodeURIComponent(text) && !["", ".", ".."].includes(segment);
      } else if (!parameter.required && !random.chance(isOneOfLink(parameter.name) ? 0.95 : 0.4)) continue;
      else if (parameter.in === "query") query.append(parameter.name, text);
      else headers[parameter.name] = asHeader(text);
    }
    if (random.chance(spoil))
      query.append(random.pick([...query.keys(), "x", "__proto__"]) ?? "x", random.pick(ODD_TEXTS));
    for (const [name, values] of NOISE) if (random.chance(0.015)) headers[name] = random.pick(values) ?? "";

    const prefix = random.chance(0.2) ? "/api" : "";
    const search = query.size > 0 ? `?${query}` : "";
    const method = drawMethod(operation, random);
    isMeant &&= method === operation.method || (method === "HEAD" && operation.method === "GET");
    const request = { method, path: `${prefix}${path}${search}`, headers, ...(isMeant && { operation }) };
    return withBody(request, operation, making);
  };
}

/** The artifacts that a route is likely to be asked about, as far as its path says. */
function likely({ path }: Operation): (subject: Subject) => boolean {
  if (path.includes("/content")) return ({ isUpload }) => isUpload === true;
  return path.includes("/model/") || path.endsWith("/rate") ? ({ type }) => type === "model" : () => true;
}

const isOneOfLink = (name: string) => name === "expires" || name === "signature";

function drawMethod({ method }: Operation, random: Random): string {
  if (method === "GET" && random.chance(0.05)) return "HEAD";
  return random.chance(0.02) ? (random.pick(METHODS) ?? method) : method;
}

function withBody(request: FuzzRequest, { body }: Operation, making: Making): FuzzRequest {
  const { random, spoil } = making;
  if (request.method === "GET" || request.method === "HEAD") return request;
  if (!body) return random.chance(0.03) ? { ...request, body: rawBody(random) } : request;
  if (random.chance(spoil / 4)) return request;
  if (body.type !== "application/json") return withBytes(request, random, spoil);
  const headers = { "Content-Type": "application/json", ...request.headers };
  if (random.chance(spoil / 2)) return { ...request, headers, body: rawBody(random) };
  return { ...request, headers, body: JSON.stringify(makeValue(body.schema, "", making)) ?? "" };
}

/** A zip, or what is nearly one. */
function withBytes(request: FuzzRequest, random: Random, spoil: number): FuzzRequest {
  const path = random.chance(spoil) ? random.pick(["../x", "/etc/x", "a\\b", "README.md", "x/"]) : "config.json";
  const bytes = writeZip(zipEntries(String(10 + random.below(90)), path));
  const broken = random.chance(spoil) ? bytes.slice(0, random.below(bytes.length)) : bytes;
  if (random.chance(spoil)) broken[random.below(broken.length)] = random.below(256);
  const length = random.chance(spoil / 4) ? random.pick(["", "0", "-1", "x"]) : String(broken.length);
  const headers = {
    "Content-Type": "application/zip",
    ...request.headers,
    ...(length && { "Content-Length": length }),
  };
  return { ...request, headers, body: broken };
}

function asText(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

/** A text in a path: encoded as it should be, mostly; else as careless clients send it. */
function inPath(text: string, random: Random): string {
  return random.chance(0.95) ? encodeURIComponent(text) : text;
}

/** What may stand in a header at all: the platform lets nothing else out. */
function asHeader(text: string): string {
  return text
    .replace(/[^\u0020-\u007e\u00a0-\u00ff]/g, "")
    .trim()
    .slice(0, 1000);
}
