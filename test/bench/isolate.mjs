/**
 * What the benches of whole bundles share: a fresh registry, its memory, and lines that say how fast and with how much of it.
 *
 * Memory is that of the product's own isolate, as the debugger sees it eight times a second: its heap, and the buffers outside
 * of it. What the process has beside is of the local stand-ins for R2, D1 and Workflows, which keep whole objects at times.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Between two looks at the memory. */
export const SAMPLE_MS = 125;
const top = fileURLToPath(new URL("../../", import.meta.url));

/** Asks the debugger of a Worker how much memory its isolate uses, in MB: heap, and buffers outside of it. */
export async function openMemory(miniflare, worker) {
  const base = await miniflare.getInspectorURL();
  const targets = await (await fetch(new URL("/json", base.href.replace(/^ws/, "http")))).json();
  const target = targets.find(({ id, title }) => `${id} ${title}`.includes(worker));
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? new URL(`/core:user:${worker}`, base).href);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`no debugger for ${worker}`));
  });
  const waiting = new Map();
  let serial = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  return {
    close: () => socket.close(),
    read: () =>
      new Promise((resolve) => {
        serial += 1;
        waiting.set(serial, ({ usedSize, backingStorageSize = 0 }) =>
          resolve({ heap: usedSize / 1e6, buffers: backingStorageSize / 1e6 }),
        );
        socket.send(JSON.stringify({ id: serial, method: "Runtime.getHeapUsage" }));
      }),
  };
}

/** Applies the migrations. */
export async function migrate(miniflare) {
  const database = await miniflare.getD1Database("DB", "product");
  const { default: splitSqlQuery } = await import("wrangler").then((wrangler) => ({
    default: wrangler.unstable_splitSqlQuery,
  }));
  const folder = join(top, "migrations");
  for (const file of readdirSync(folder).sort()) {
    const sql = readFileSync(join(folder, file), "utf8");
    for (const statement of splitSqlQuery(sql)) await database.prepare(statement).run();
  }
}

/** The most memory that an isolate has while some work is done. */
export async function peakDuring(memory, work) {
  const before = await memory.read();
  const peak = { ...before };
  let done = false;
  const watching = (async () => {
    for (; !done; await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))) {
      const now = await memory.read();
      for (const kind of ["heap", "buffers"]) peak[kind] = Math.max(peak[kind], now[kind]);
    }
  })();
  try {
    return { ...(await work()), before, peak };
  } finally {
    done = true;
    await watching;
  }
}

/** One line: bytes, time, and where it was watched the memory. */
export function print(name, { bytes, ms, before, peak }) {
  const [megabytes, seconds] = [bytes / 1e6, ms / 1000];
  const speed = `${megabytes.toFixed(0)} MB in ${seconds.toFixed(1)} s, ${(megabytes / seconds).toFixed(0)} MB/s`;
  const more = peak
    ? `; heap ${before.heap.toFixed(1)}, at the most ${peak.heap.toFixed(1)} MB; buffers ${before.buffers.toFixed(1)}, ` +
      `at the most ${peak.buffers.toFixed(1)} MB`
    : "";
  process.stdout.write(`${name}: ${speed}${more}\n`);
}
