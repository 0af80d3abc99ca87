/**
 * `npm run bench`: the product's bundle against bare Workers that do the least that must be done, in one workerd, in one run.
 *
 * Absolute figures belong to the machine; the ratios are what is judged. A run whose null pair (the same Worker twice) is
 * off by more than 5 % says so, and its figures are worth nothing.
 *
 * Options: --quick (1,000 artifacts, short rounds), --sizes 1000,100000,1000000 (a million takes minutes to load, and some
 * GB of the RAM disk), --rounds 5, --seconds 0.45, --only <text of case names>, --entry src/index.ts, --strict (exit 1 when
 * untrustworthy or a goal is missed). JSON goes to dist/bench.json.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bindingCases } from "./binding.mjs";
import { dataCases, GOALS, growthCases, nullCases, patternsOn, sidesOn, stackCases } from "./cases.mjs";
import { loadDataSet, someArtifacts } from "./data.mjs";
import { measureFiles } from "./files.mjs";
import { bundle, bundleSizes, cores, makeStateDirectory, startInstance, timeStartUp } from "./instance.mjs";
import { compare, median, startLoad } from "./measure.mjs";
import { comparisonLine, figureLine, heading, verdict } from "./report.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    sizes: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    only: { type: "string", default: "" },
    entry: { type: "string", default: "src/index.ts" },
    strict: { type: "boolean", default: false },
  },
});
const sizes = (flags.sizes ?? (flags.quick ? "1000" : "1000,100000")).split(",").map(Number);
const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 5));
const seconds = Number(flags.seconds ?? (flags.quick ? 0.4 : 0.45));

/** How far the null pair may be off. */
const NULL_TOLERANCE = 0.05;
/** The most that D1 may read for one artifact, however many there are. */
const ROWS_READ_MAX = 10;
const DOWNLOAD_BYTES = 20 * 1024 * 1024;
const BULK = 1000;

const top = fileURLToPath(new URL("../../", import.meta.url));
const results = [];
const state = makeStateDirectory();
const running = [];
let load;

function print(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs cases one after the other and prints each as it is known. */
async function runCases(cases, size) {
  for (const each of cases) {
    if (!each.name.toLowerCase().includes(flags.only.toLowerCase()) && !each.name.startsWith("null")) continue;
    const { a, b } = each.make ? await each.make() : each;
    const length = { rounds, ms: seconds * 1000, ready: each.ready };
    const result = await compare(load, a, b, each.connections, length);
    const entry = {
      name: each.name,
      size,
      connections: each.connections,
      figure: each.figure,
      goal: each.goal,
      result,
    };
    entry.verdict = verdict(result[each.figure].median, each.goal);
    results.push(entry);
    print(comparisonLine(entry));
  }
}

function addFigure(figure) {
  results.push({ ...figure, verdict: verdict(figure.value, figure.goal, figure.atLeast) });
  print(figureLine(figure));
}

const wanted = (name) => name.toLowerCase().includes(flags.only.toLowerCase());

/** Bulk delete against as many single ones, at one connection. */
async function measureBulk({ instance, sides, size }) {
  const ratios = [];
  for (let i = 0; i < 3; i += 1) {
    const port = instance.ports.product;
    const ids = await sides.victims.ofProduct(BULK);
    const requests = [{ method: "POST", path: "/artifacts/delete", body: JSON.stringify({ ids }) }];
    const bulk = await load.round({ port, connections: 1, ms: 60_000, requests, once: true });
    sides.victims.used("product", BULK);
    const single = await load.round({
      port,
      connections: 1,
      ms: 60_000,
      requests: await sides.delete.requests(BULK),
      once: true,
    });
    sides.victims.used("product", BULK);
    ratios.push(single.seconds / bulk.seconds);
  }
  const value = Number(median(ratios).toFixed(1));
  addFigure({ name: "1000 deletes, single / bulk", size, value, goal: 20, atLeast: true, note: "times faster" });
}

/** The download of a large zip against the bare object. */
async function measureDownload({ instance, sides, size }) {
  const [{ id, type }] = await sides.victims.ofProduct(1);
  sides.victims.used("product", 1);
  const key = `artifacts/${type}/${id}.zip`;
  await instance.setup("/objects", { keys: [key], size: DOWNLOAD_BYTES });
  const sql = "UPDATE artifacts SET size = ?2 WHERE id = ?1";
  await instance.setup("/sql", { database: "DB", statements: [{ sql, values: [Number(id), DOWNLOAD_BYTES] }] });
  const answer = await fetch(`http://127.0.0.1:${instance.ports.product}/artifacts/${type}/${id}`);
  const link = new URL((await answer.json()).data.download_url);
  const side = (worker, path) => ({ instance, worker, requests: async () => [{ path }] });
  const a = side("product", link.pathname + link.search);
  const b = side("floor", `/object/${encodeURIComponent(key)}`);
  const result = await compare(load, a, b, 1, { rounds, ms: seconds * 1000 });
  const rate = ({ bytesPerSecond }) => `${Math.round(bytesPerSecond / 1e6)} MB/s`;
  const value = Number(result.bytesPerSecond.median.toFixed(2));
  const note = `${rate(result.a)}, bare R2 read ${rate(result.b)}`;
  addFigure({ name: "download of 20 MB / bare read", size, value, goal: GOALS.download, atLeast: true, note });
}

/** What D1 reads and writes for one call, as D1 itself counts it. */
async function measureRows({ instance, sides, size }) {
  const [some] = someArtifacts(size, 1);
  const [victim] = await sides.victims.ofProduct(1);
  sides.victims.used("product", 1);
  const calls = [
    { name: "GET", method: "GET", path: `/artifacts/${some.type}/${some.id}`, goal: ROWS_READ_MAX },
    { name: "byName", method: "GET", path: `/artifact/byName/${encodeURIComponent(some.name)}`, goal: ROWS_READ_MAX },
    { name: "DELETE", method: "DELETE", path: `/artifacts/${victim.type}/${victim.id}`, goal: ROWS_READ_MAX },
    { name: "register", method: "POST", path: "/artifact/code", body: '{"url":"https://files.example.org/metered"}' },
    { name: "list, first page", method: "POST", path: "/artifacts", body: '[{"name":"*"}]' },
    {
      name: "list, last page",
      method: "POST",
      path: `/artifacts?offset=after-${Math.max(0, size - 100)}`,
      body: '[{"name":"*"}]',
    },
    { name: "list of a type", method: "POST", path: "/artifacts", body: '[{"name":"*","types":["dataset"]}]' },
    ...patternsOn(size).map(({ name, regex, expect }) => {
      const body = JSON.stringify({ regex });
      return { name: `byRegEx, ${name}`, method: "POST", path: "/artifact/byRegEx", body, expect };
    }),
  ];
  for (const { name, method, path, body, goal, expect } of calls) {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const answer = await fetch(`http://127.0.0.1:${instance.ports.meter}${path}`, { method, body, headers });
    await answer.arrayBuffer();
    if (!answer.ok && answer.status !== expect) throw new Error(`${method} ${path} answered ${answer.status}`);
    const { awaited, all } = JSON.parse(answer.headers.get("bench-meter"));
    const note = `rows; ${awaited.statements} statements in ${awaited.roundTrips} round trips before the answer, ${all.statements - awaited.statements} after; ${all.written} rows written`;
    addFigure({ name: `D1 rows read: ${name}`, size, value: all.read, goal, note });
  }
}

/** Deletes that were answered are done: nothing is owed and no object is left. */
async function checkDeletes({ instance, size }) {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sql = "SELECT count(*) AS open FROM deletions WHERE finished_at IS NULL";
  const [[{ open }]] = await instance.setup("/sql", { database: "DB", statements: [{ sql }] });
  if (open > 0)
    throw new Error(`${open} deletions are still open with ${size} artifacts: the figures are of broken work`);
}

async function measureStartUp() {
  const { raw, gzip } = await bundleSizes(flags.entry);
  addFigure({ name: "bundle, kB", value: Math.round(raw / 1000) });
  addFigure({ name: "bundle, gzip, kB", value: Math.round(gzip / 1000), goal: 500 });
  const product = await bundle(flags.entry);
  const nothing = await bundle("test/bench/workers/raw.mjs");
  const extra = { ms: [], cpuMs: [] };
  for (let i = 0; i < 3; i += 1) {
    const a = await timeStartUp(state, product);
    const b = await timeStartUp(state, nothing);
    for (const figure of ["ms", "cpuMs"]) extra[figure].push(a[figure] - b[figure]);
  }
  const note = "from process start to first answer, above a raw Worker's";
  addFigure({ name: "start-up, ms", value: Math.round(median(extra.ms)), note });
  addFigure({ name: "start-up, CPU ms", value: Math.round(median(extra.cpuMs)), goal: 50, note });
}

async function main() {
  const began = performance.now();
  const place = state.startsWith("/dev/shm") ? "state on a RAM disk" : "STATE ON A DISK: expect half the speed";
  const pinned = cores ? "server and load on a core each" : "NOT PINNED: expect noise";
  print(`${cpus()[0].model}, ${cpus().length} cores; ${place}; ${pinned}; ${rounds} rounds of ${seconds} s\n`);

  const files = readdirSync(`${top}migrations`).filter((name) => name.endsWith(".sql"));
  const migrations = files.sort().map((name) => readFileSync(`${top}migrations/${name}`, "utf8"));
  load = startLoad();
  const sets = [];
  for (const size of sizes) {
    const instance = await startInstance(`with-${size}`, state, flags.entry);
    running.push(instance);
    const loading = performance.now();
    await loadDataSet(instance, size, migrations);
    print(`${size} artifacts loaded in ${((performance.now() - loading) / 1000).toFixed(1)} s`);
    sets.push({ instance, size, sides: sidesOn(instance, size) });
  }
  const [small] = sets;
  const large = sets.at(-1);

  print(`\n${heading()}`);
  await runCases(nullCases(small.sides), small.size);
  await runCases(stackCases(small.sides));
  for (const { instance, size, sides } of sets) await runCases(await dataCases(sides, instance, size, seconds), size);
  await runCases(bindingCases(small, seconds), small.size);
  if (large !== small) await runCases(await growthCases(large, small, seconds));
  await runCases(nullCases(large.sides), large.size);

  print("");
  if (wanted("bulk")) await measureBulk(large);
  if (wanted("download")) await measureDownload(large);
  if (wanted("file")) {
    for (const figure of await measureFiles(load, large, { rounds, seconds, goal: GOALS.download })) addFigure(figure);
  }
  if (wanted("rows")) for (const set of sets) await measureRows(set);
  for (const set of sets) await checkDeletes(set);
  if (wanted("start-up")) await measureStartUp();

  const off = Math.max(...[1, 16].map(nullError));
  const busiest = Math.max(...results.map(({ result }) => (result ? result.a.generatorBusy : 0)));
  const trustworthy = off <= NULL_TOLERANCE;
  const missed = results.filter((entry) => entry.verdict === "MISS");
  print(
    `\n${((performance.now() - began) / 1000).toFixed(0)} s; the load generator was at most ${Math.round(busiest * 100)} % busy.`,
  );
  if (trustworthy) print(`The null pair is within ${(off * 100).toFixed(1)} %.`);
  else
    print(
      `\n!!! UNTRUSTWORTHY: the null pair is off by ${(off * 100).toFixed(1)} %. Something else runs here. Repeat.`,
    );
  const judged = results.filter((entry) => entry.verdict !== "");
  print(`${judged.length - missed.length} of ${judged.length} goals are met.`);

  mkdirSync(`${top}dist`, { recursive: true });
  const summary = {
    at: new Date().toISOString(),
    machine: cpus()[0].model,
    sizes,
    rounds,
    seconds,
    trustworthy,
    off,
    results,
  };
  writeFileSync(`${top}dist/bench.json`, `${JSON.stringify(summary, null, 2)}\n`);
  if (flags.strict && (!trustworthy || missed.length > 0)) process.exitCode = 1;
}

/** How far the null pairs with so many connections are from 1, those at the start and those at the end together. */
function nullError(connections) {
  const pairs = results.filter((entry) => entry.name.startsWith("null") && entry.connections === connections);
  return Math.abs(median(pairs.flatMap(({ result }) => result.p50.ratios)) - 1);
}

async function cleanUp() {
  load?.stop();
  await Promise.allSettled(running.map((instance) => instance.stop()));
}

// Miniflare ends the process on a signal before anything of ours can be awaited: what lies in memory goes at the very end.
process.on("exit", () => rmSync(state, { recursive: true, force: true }));

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => cleanUp().then(() => process.exit(130)));
try {
  await main();
} finally {
  await cleanUp();
}
