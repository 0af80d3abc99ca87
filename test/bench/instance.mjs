/**
 * What is measured: the product and the bare Workers in one workerd, on one database and one bucket, state on a RAM disk.
 *
 * Invariant: requests reach each Worker through a socket of its own, with no proxy and no dev server in front; workerd has
 * a core of its own where there are two; what Workers log goes nowhere.
 */

import { execFileSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { CALLER_BINDINGS } from "./binding.mjs";

const require = createRequire(import.meta.url);
const besideWrangler = createRequire(require.resolve("wrangler/package.json"));
const miniflarePath = besideWrangler.resolve("miniflare");
const { Miniflare, convertV4MiniflareOptions } = require(miniflarePath);
const { default: workerdPath } = createRequire(miniflarePath)("workerd");
const top = fileURLToPath(new URL("../../", import.meta.url));
const scratch = join(top, "dist", "bench");

/** What the settings of wrangler.toml are, as far as they touch speed. */
const COMPATIBILITY = {
  compatibilityDate: "2026-10-20",
  compatibilityFlags: ["nodejs_compat", "global_fetch_strictly_public"],
};
const VARS = {
  AUTH: "off",
  ALLOWED_HOSTS: "*",
  SIGNING_KEY: "a key that signs links for nobody",
  DOWNLOAD_TTL_SECONDS: "3600",
};

/** Cores for server and load; undefined where there are fewer than two or nothing to pin with. */
export const cores = findCores();

function findCores() {
  if (process.platform !== "linux" || availableParallelism() < 2) return undefined;
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { server: 0, load: 1 };
}

/** Where state is kept: a RAM disk if there is one. */
export function makeStateDirectory() {
  let base = tmpdir();
  try {
    accessSync("/dev/shm", constants.W_OK);
    base = "/dev/shm";
  } catch {
    // no RAM disk: slower, and noisier
  }
  return mkdtempSync(join(base, "registry-bench-"));
}

/** Bundles a Worker as a deployment does: see wrangler.toml. */
export async function bundle(entry, { alias = {} } = {}) {
  const result = await build({
    entryPoints: [resolve(top, entry)],
    bundle: true,
    alias,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    minify: true,
    logLevel: "error",
  });
  return result.outputFiles[0].text;
}

/** Sizes of the bundle, in bytes. */
export async function bundleSizes(entry) {
  const script = await bundle(entry);
  return { raw: Buffer.byteLength(script), gzip: gzipSync(script, { level: 9 }).length };
}

/** workerd's command for one instance: pinned, silent, and with its process id written down. */
function writeLauncher(name) {
  mkdirSync(scratch, { recursive: true });
  const file = (ending) => join(scratch, `${name}${ending}`);
  const pin = cores ? `taskset -c ${cores.server} ` : "";
  const lines = ["#!/bin/sh", `echo $$ >'${file(".pid")}'`];
  lines.push(`exec ${pin}'${workerdPath}' "$@" >/dev/null 2>'${file(".log")}'`);
  writeFileSync(file(".sh"), lines.join("\n"));
  chmodSync(file(".sh"), 0o755);
  return { launcher: file(".sh"), pid: file(".pid"), log: file(".log") };
}

/**
 * Starts workerd with some Workers; each is given its own port.
 * @param workers by name: a script, whether it has the bindings, where its requests go, more vars, workflows
 */
export async function start(name, state, workers, { inspected = false } = {}) {
  const files = writeLauncher(name);
  // Miniflare reads this when it starts the process, and lets nobody else see what Workers print.
  process.env.MINIFLARE_WORKERD_PATH = files.launcher;
  const bound = {
    bindings: VARS,
    d1Databases: { DB: "registry", FLOOR: "floor" },
    r2Buckets: { BUCKET: "registry" },
  };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      logRequests: false,
      ...(inspected && { inspectorPort: 0 }),
      resourcePersistencePath: join(state, name),
      workers: Object.entries(workers).map(
        ([worker, { script, binds = true, outbound, services, vars, workflows }]) => ({
          name: worker,
          modules: true,
          script,
          ...COMPATIBILITY,
          ...(binds && { ...bound, bindings: { ...VARS, ...vars } }),
          ...(workflows && { workflows }),
          ...(outbound && { outboundService: outbound }),
          ...(services && { serviceBindings: services }),
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        }),
      ),
    }),
  );
  try {
    await miniflare.ready;
  } catch (error) {
    throw new Error(`workerd did not start: ${readFileSync(files.log, "utf8").slice(0, 2000)}`, { cause: error });
  }
  const ports = {};
  for (const worker of Object.keys(workers)) {
    ports[worker] = Number((await miniflare.unsafeGetDirectURL(worker)).port);
  }
  const pid = Number(readFileSync(files.pid, "utf8"));
  return { name, ports, pid, cpuSeconds: () => cpuSeconds(pid), miniflare, stop: () => miniflare.dispose() };
}

/** CPU time of a process over all its threads; undefined where the system does not say. */
function cpuSeconds(pid) {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    }
    return nanoseconds / 1e9;
  } catch {
    return undefined;
  }
}

const floorScripts = () =>
  Promise.all(
    ["raw", "floor", "setup", "web", "bare", "caller"].map((name) => bundle(`test/bench/workers/${name}.mjs`)),
  );

/** An instance with everything that the cases need. `setup(path, body)` calls its back door. */
export async function startInstance(name, state, entry) {
  const [raw, floor, setup, web, bare, caller] = await floorScripts();
  const alias = { "the-product": resolve(top, entry) };
  const instance = await start(name, state, {
    product: { script: await bundle(entry), outbound: "web" },
    meter: { script: await bundle("test/bench/workers/meter.mjs", { alias }), outbound: "web" },
    raw: { script: raw, binds: false },
    floor: { script: floor },
    setup: { script: setup },
    web: { script: web, binds: false },
    bare: { script: bare, binds: false },
    caller: { script: caller, binds: false, services: CALLER_BINDINGS },
  });
  const call = async (path, body) => {
    const answer = await fetch(`http://127.0.0.1:${instance.ports.setup}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`setup ${path} answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
    return await answer.json();
  };
  return { ...instance, setup: call };
}

/** Seconds from starting workerd with one Worker to its first answer, and the CPU spent on it. */
export async function timeStartUp(state, script) {
  const began = performance.now();
  const instance = await start(`start-up-${Math.round(began)}`, state, { only: { script } });
  try {
    const answer = await fetch(`http://127.0.0.1:${instance.ports.only}/tracks`);
    await answer.arrayBuffer();
    return { ms: performance.now() - began, cpuMs: (instance.cpuSeconds() ?? Number.NaN) * 1000 };
  } finally {
    await instance.stop();
  }
}
