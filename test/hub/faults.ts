/**
 * Hostile and failing upstreams: what a registry must survive, reachable under the reserved owner `hostile`.
 *
 * Invariant: no fault outlives its reader. Bodies are made as they are read and stop when cancelled, and whoever cannot
 * cancel (a proxy that drops the signal) is let go after a minute.
 */

import { type HubRepo, model } from "./catalogue.ts";

export const HOSTILE_OWNER = "hostile";
const LONGEST_WAIT_MS = 60_000;
const encoder = new TextEncoder();

/** Waits; ends early when the signal fires. In Node the timer does not keep the process alive: a test run may end. */
function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, ms);
    if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
      timer.unref();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A body of `size` bytes, made chunk by chunk; `head` comes first. Used for weights as well, which nobody keeps on disk. */
export function filledBody(size: number, head = "", filler = 97): ReadableStream<Uint8Array> {
  const first = encoder.encode(head);
  const chunk = new Uint8Array(65_536).fill(filler);
  let left = size - first.byteLength;
  return new ReadableStream({
    start: (controller) => {
      if (first.byteLength > 0) controller.enqueue(first);
    },
    pull: (controller) => {
      if (left > 0) controller.enqueue(left < chunk.byteLength ? chunk.slice(0, left) : chunk.slice());
      left -= chunk.byteLength;
      if (left <= 0) controller.close();
    },
  });
}

function trickle(): ReadableStream<Uint8Array> {
  let cancelled = false;
  let left = LONGEST_WAIT_MS / 50;
  return new ReadableStream({
    async pull(controller) {
      await wait(50);
      if (cancelled) return;
      if (left-- > 0) controller.enqueue(encoder.encode(" "));
      else controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
}

function torn(): ReadableStream<Uint8Array> {
  let reads = 0;
  return new ReadableStream({
    async pull(controller) {
      if (reads++ === 0) return controller.enqueue(encoder.encode('{"id":"hostile/half","siblings":['));
      // The beginning must be on its way first: nobody is to take this for a connection that never was.
      await wait(50);
      controller.error(new Error("connection reset by the offline hub"));
    },
  });
}

type Fault = (request: Request, side: "hub" | "github") => Response | Promise<Response>;
const asJson = { "content-type": "application/json; charset=utf-8" };

/** By name; each answers every route of `hostile/<name>`, and one file of `hostile/readme-<name>` and `hostile/config-<name>`. */
const FAULTS: Record<string, Fault> = {
  "not-json": () => new Response('{"id": "hostile/not-json", oops', { headers: asJson }),
  empty: () => new Response("", { headers: asJson }),
  html: () => new Response("<!doctype html><title>Sign in</title>", { headers: { "content-type": "text/html" } }),
  "wrong-shape": () => Response.json(["a", { list: true }, null]),
  "wrong-siblings": () =>
    Response.json({
      id: 7,
      sha: {},
      tags: "none",
      downloads: "many",
      gated: [],
      cardData: "text",
      siblings: { rfilename: "config.json" },
    }),
  huge: () => new Response(filledBody(100_000_000, '{"id":"hostile/huge","junk":"'), { headers: asJson }),
  "never-ending": () => new Response(trickle(), { headers: asJson }),
  silent: async (request) => {
    await wait(LONGEST_WAIT_MS, request.signal);
    return new Response("gave up", { status: 504 });
  },
  half: () => new Response(torn(), { headers: { ...asJson, "content-length": "4096" } }),
  "redirect-metadata": () => redirect("http://169.254.169.254/latest/meta-data/"),
  "redirect-loopback": () => redirect("http://127.0.0.1:9/"),
  "redirect-loop": (request) => redirect(request.url),
  broken: () => new Response("upstream connect error", { status: 500 }),
  unavailable: () => new Response("come back later", { status: 503, headers: { "retry-after": "1" } }),
  "rate-limited": (_request, side) =>
    side === "hub"
      ? Response.json({ error: "We had to rate limit your IP." }, { status: 429, headers: { "retry-after": "30" } })
      : Response.json(
          {
            message: "API rate limit exceeded for 192.0.2.1.",
            documentation_url: "https://docs.github.com/rest/rate-limit",
          },
          {
            status: 403,
            headers: {
              "x-ratelimit-limit": "60",
              "x-ratelimit-remaining": "0",
              "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 1800),
            },
          },
        ),
};

/** Faults of one large file alone, `model.safetensors` of `hostile/weights-<name>`; its record says what it should be. */
const WEIGHTS: Record<string, Fault> = {
  "other-bytes": (request) => ranged(request, WEIGHTS_BYTES, 98),
  "other-size": (request) => ranged(request, WEIGHTS_BYTES + 1, 97),
  "no-ranges": () => new Response(filledBody(WEIGHTS_BYTES), { headers: lengthOf(WEIGHTS_BYTES) }),
  "no-length": () => new Response(filledBody(WEIGHTS_BYTES)),
  short: () => new Response(filledBody(WEIGHTS_BYTES - 1)),
  long: () => new Response(filledBody(WEIGHTS_BYTES + 1)),
  cut: (request) => {
    const { headers, status } = ranged(request, WEIGHTS_BYTES, 97);
    return new Response(torn(), { status, headers });
  },
  "broken-middle": (request) =>
    /^bytes=0-/.test(request.headers.get("range") ?? "bytes=0-")
      ? ranged(request, WEIGHTS_BYTES, 97)
      : new Response("upstream connect error", { status: 500 }),
  "wrong-range": (request) => {
    const { body, headers } = ranged(request, WEIGHTS_BYTES, 97);
    headers.set("content-range", `bytes 1-${headers.get("content-length")}/${WEIGHTS_BYTES}`);
    return new Response(body, { status: 206, headers });
  },
};

/** The weights of every `hostile/weights-…`: letters a, so that their digest is known without making them. */
export const WEIGHTS_BYTES = 6_000_000;
const lengthOf = (bytes: number) => ({ "content-length": String(bytes), "content-type": "application/octet-stream" });

function ranged(request: Request, size: number, filler: number): Response {
  const [, from = "0", to = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
  const length = Number(to) - Number(from) + 1;
  const headers = { ...lengthOf(length), "content-range": `bytes ${from}-${to}/${size}` };
  return new Response(filledBody(length, "", filler), {
    status: request.headers.has("range") ? 206 : 200,
    headers: request.headers.has("range") ? headers : lengthOf(length),
  });
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

const LOADED = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},';

/** A record that looks sound, for faults that sit further inside. */
export function findHostileRepo(kind: HubRepo["kind"], id: string): HubRepo | undefined {
  const name = id.slice(HOSTILE_OWNER.length + 1);
  if (name === "traversal") {
    const paths = [
      "../../etc/passwd",
      "/abs",
      "C:\\x",
      "a/../../b",
      "..\\..\\c",
      "a//b",
      "./d",
      "config.json/e",
      "nul\u0000l.json",
    ];
    const files = Object.fromEntries(paths.map((path) => [path, "This must never be kept.\n"]));
    return { ...model(id), kind, files: { ...model(id).files, ...files } };
  }
  if (name === "proto") {
    const files = {
      ...model(id).files,
      "config.json": `${LOADED}"model_type":"bert","_name_or_path":"acme-labs/aster-base"}`,
    };
    return { ...model(id), kind, files };
  }
  if (name.startsWith("weights-") && innerFault(name)) {
    const files = { ...model(id).files, "model.safetensors": { letters: WEIGHTS_BYTES } };
    return { ...model(id), kind, files };
  }
  return innerFault(name) ? { ...model(id), kind } : undefined;
}

function innerFault(name: string): { path: string; fault: Fault } | undefined {
  const [, prefix, rest = ""] = /^(readme|config|weights)-(.+)$/.exec(name) ?? [];
  const known = prefix === "weights" ? { ...FAULTS, ...WEIGHTS } : FAULTS;
  const fault = Object.hasOwn(known, rest) ? known[rest] : undefined;
  const paths: Record<string, string> = {
    readme: "README.md",
    config: "config.json",
    weights: "model.safetensors",
  };
  const path = paths[prefix ?? ""];
  return path && fault ? { path, fault } : undefined;
}

/** The fault that answers this request for `id` (and, of a repository, the file `path`); undefined if it is to be answered well. */
export function faultFor(
  id: string,
  path: string | undefined,
  request: Request,
  side: "hub" | "github",
): Promise<Response> | undefined {
  const [owner, name = ""] = id.split("/");
  if (owner !== HOSTILE_OWNER) return undefined;
  const inner = innerFault(name);
  const fault = inner
    ? inner.path === path
      ? inner.fault
      : undefined
    : Object.hasOwn(FAULTS, name)
      ? FAULTS[name]
      : undefined;
  return fault && Promise.resolve(fault(request, side));
}

/** The record's JSON with keys that a careless merge would take for the prototype. */
export const poison = (id: string, body: string): string =>
  id === `${HOSTILE_OWNER}/proto` ? body.replace("{", LOADED).replace('"cardData":{', `"cardData":${LOADED}`) : body;
