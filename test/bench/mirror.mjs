/**
 * `node test/bench/mirror.mjs [--megabytes 1000] [--files 4]`: how fast a whole repository is copied, and what it takes of
 * memory, beside a bare Worker that hands as many bytes to the bucket and checks nothing. Both run in plain workerd; a server
 * of this process stands in for the hub.
 */

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { bundle, makeStateDirectory, start } from "./instance.mjs";
import { migrate, openMemory, peakDuring, print, SAMPLE_MS } from "./isolate.mjs";

const { values: flags } = parseArgs({
  options: { megabytes: { type: "string", default: "1000" }, files: { type: "string", default: "4" } },
});
const files = Number(flags.files);
const PART_BYTES = 16 * 1024 * 1024;
const GIVE_UP_MS = 170_000;

/** A megabyte that is not all the same; every file is so many of it. */
const BLOCK = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31 + (i >> 8)) % 251));
const repositories = { small: repository(1, 1), large: repository(files, Math.round(Number(flags.megabytes) / files)) };

function repository(count, blocks) {
  const hash = createHash("sha256");
  for (let block = 0; block < blocks; block += 1) hash.update(BLOCK);
  const sha256 = hash.digest("hex");
  const weights = Array.from({ length: count }, (_, i) => `data-${i}.bin.zst`);
  return { sha256, size: blocks * BLOCK.length, paths: weights };
}

/** Records and files of the two repositories, with ranges. */
function serve(request, response) {
  const [, name = ""] = /^\/(?:api\/datasets|datasets)\/bench\/(small|large)/.exec(request.url) ?? [];
  const repo = repositories[name];
  if (!repo) return response.writeHead(404).end();
  if (request.url.startsWith("/api/")) {
    const { sha256, size, paths } = repo;
    const siblings = paths.map((rfilename) => ({ rfilename, size, lfs: { sha256, size } }));
    const record = { id: `bench/${name}`, sha: "a".repeat(40), private: false, gated: false, tags: [], siblings };
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(record));
  }
  const [, from = "0", to = String(repo.size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const length = Number(to) - Number(from) + 1;
  const part = request.headers.range && { "content-range": `bytes ${from}-${to}/${repo.size}` };
  response.writeHead(part ? 206 : 200, { "content-length": length, ...part });
  let at = Number(from);
  const more = () => {
    while (at <= Number(to)) {
      const offset = at % BLOCK.length;
      const chunk = BLOCK.subarray(offset, offset + Number(to) + 1 - at);
      at += chunk.length;
      if (!response.write(chunk)) return response.once("drain", more);
    }
    return response.end();
  };
  return more();
}

async function call(port, method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Hands every file of the large repository to the bucket, as the floor does it. */
async function measureFloor(instance) {
  const { paths, size } = repositories.large;
  const began = performance.now();
  for (const path of paths) {
    const url = `http://127.0.0.1:${hub.address().port}/datasets/bench/large/resolve/main/${path}`;
    await call(instance.ports.copy, "POST", "/", { url, size, part: PART_BYTES });
  }
  return { bytes: paths.length * size, ms: performance.now() - began };
}

/** Mirrors a repository, and tells how long it took, until all was copied and until the end. */
async function measure(instance, name) {
  const port = instance.ports.product;
  const began = performance.now();
  const { metadata } = await call(port, "POST", "/artifact/dataset", {
    url: `https://huggingface.co/datasets/bench/${name}`,
    mirror: "full",
  });
  let copied = Number.NaN;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const mirror = await call(port, "GET", `/artifacts/dataset/${metadata.id}/mirror`);
    const ms = performance.now() - began;
    if (mirror.state === "verifying" && Number.isNaN(copied)) copied = ms;
    if (mirror.state === "finished") return { bytes: mirror.bytes.total, ms, copied };
    if (["failed", "skipped"].includes(mirror.state)) throw new Error(`${mirror.state}: ${mirror.error}`);
    if (ms > GIVE_UP_MS) throw new Error(`not done after ${GIVE_UP_MS} ms: ${JSON.stringify(mirror)}`);
  }
}

const hub = createServer(serve);
await new Promise((resolve) => hub.listen(0, "127.0.0.1", resolve));
const state = makeStateDirectory();
let instance;
let memory;
try {
  instance = await start(
    "mirror",
    state,
    {
      product: {
        script: await bundle("src/index.ts"),
        vars: { HF_ENDPOINT: `http://127.0.0.1:${hub.address().port}`, RATE_LIMITS: "off", MIRROR_MAX_BYTES: "0" },
        workflows: { MIRRORS: { name: "mirrors", className: "MirrorWorkflow" } },
      },
      copy: { script: await bundle("test/bench/workers/copy.mjs") },
    },
    { inspected: true },
  );
  memory = await openMemory(instance.miniflare, "product");
  await migrate(instance.miniflare);
  await measure(instance, "small");
  print("bare copy", await measureFloor(instance));
  const cpuBefore = instance.cpuSeconds();
  const mirrored = await peakDuring(memory, () => measure(instance, "large"));
  print("mirror", mirrored);
  const [copying, reading] = [mirrored.copied, mirrored.ms - mirrored.copied].map((ms) => (ms / 1000).toFixed(1));
  const cpu = (instance.cpuSeconds() - cpuBefore).toFixed(1);
  process.stdout.write(`  copying ${copying} s, reading back and settling ${reading} s; CPU of the process ${cpu} s\n`);
} finally {
  memory?.close();
  await instance?.stop();
  hub.close();
  hub.closeAllConnections();
  rmSync(state, { recursive: true, force: true });
}
