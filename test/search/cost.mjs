/**
 * `node test/search/cost.mjs [--repeats 3] [--only <text>]`: the CPU time of one search request for each pattern of
 * hostile-patterns.json, as a multiple of a search for `whisper` over the same registry.
 *
 * The time is that of the whole workerd process, read from outside of it, because clocks inside a Worker stand still while it
 * computes. All patterns share one registry, whose cards of 64 KiB are made so that each pattern meets a text that is bad for
 * it. Two multiples are printed: of the first search, which compiles the pattern and runs code that V8 has not optimized yet,
 * and of the least of those after it. Exits with 1 if the latter is above 25 for any pattern.
 */

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundle, makeStateDirectory, start } from "../bench/instance.mjs";
import { migrate } from "../bench/isolate.mjs";

const { values: flags } = parseArgs({
  options: { repeats: { type: "string", default: "3" }, only: { type: "string", default: "" } },
});
const LIMIT = 25;

/** Imports a TypeScript module, which not every version of Node does by itself. */
async function load(path) {
  return await import(`data:text/javascript,${encodeURIComponent(await bundle(path))}`);
}
const { HOSTILE_PATTERNS } = await load("test/search/hostile-patterns.ts");
const { hostileTexts } = await load("test/search/hostile-texts.ts");

async function seed(miniflare) {
  const database = await miniflare.getD1Database("DB", "product");
  let id = 0;
  for (const [name, text] of Object.entries(hostileTexts())) {
    id += 1;
    await database.batch([
      database
        .prepare(
          `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
           VALUES (?1, 'model', ?2, '', ?2, ?1, ?1, 1, '', 1, 0, 0)`,
        )
        .bind(id, `n-${name}`),
      database.prepare("INSERT INTO cards (artifact_id, text) VALUES (?1, ?2)").bind(id, text),
      database.prepare("INSERT INTO search (rowid, body) VALUES (?1, ?2)").bind(id, `n-${name}\n${text}`),
    ]);
  }
  return id;
}

const state = makeStateDirectory();
const instance = await start("search-cost", state, { product: { script: await bundle("src/index.ts") } });

/** One search: its status, and the CPU time of the process in milliseconds. */
async function search(regex) {
  const before = instance.cpuSeconds();
  const answer = await fetch(`http://127.0.0.1:${instance.ports.product}/artifact/byRegEx`, {
    method: "POST",
    body: JSON.stringify({ regex }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, more: answer.headers.has("offset"), ms: (instance.cpuSeconds() - before) * 1000 };
}

/** The least of several times: whatever else the process does in one of them is not the search's. */
async function leastOf(regex, repeats) {
  const runs = [];
  for (let run = 0; run < repeats; run += 1) runs.push(await search(regex));
  return runs.reduce((least, each) => (each.ms < least.ms ? each : least));
}

try {
  await migrate(instance.miniflare);
  const cards = await seed(instance.miniflare);
  await leastOf("whisper", 20);
  const base = await leastOf("whisper", 20);
  const results = [];
  for (const regex of HOSTILE_PATTERNS.filter((pattern) => pattern.includes(flags.only))) {
    // The first search for a pattern compiles it; a limit holds for that one, too.
    const first = await search(regex);
    const again = await leastOf(regex, Number(flags.repeats) - 1);
    results.push({ regex, ...again, first: first.ms, times: again.ms / base.ms, firstTimes: first.ms / base.ms });
  }
  results.sort((a, b) => b.firstTimes - a.firstTimes);
  for (const { regex, status, more, times, firstTimes, ms } of results) {
    process.stdout.write(
      `${firstTimes.toFixed(1).padStart(7)}x ${times.toFixed(1).padStart(7)}x ${ms.toFixed(1).padStart(8)} ms ${status}${more ? "+" : " "} ${regex.slice(0, 90)}\n`,
    );
  }
  const over = results.filter(({ times }) => times > LIMIT);
  const refused = results.filter(({ status }) => status === 400).length;
  process.stdout.write(
    `whisper: ${base.ms.toFixed(2)} ms; ${cards} cards; ${results.length} patterns, ${refused} refused; ` +
      `dearest ${Math.max(...results.map(({ times }) => times)).toFixed(1)} times (first search ` +
      `${results[0]?.firstTimes.toFixed(1)}); above ${LIMIT}: ${over.length}\n`,
  );
  process.exitCode = over.length > 0 ? 1 : 0;
} finally {
  await instance.stop();
  rmSync(state, { recursive: true, force: true });
}
