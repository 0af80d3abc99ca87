/**
 * What is compared with what, and the goals.
 *
 * Invariant: a case's two sides hand out the same amount of data from the same rows; the floor's side is the least that any
 * implementation on this platform must do for it.
 */

import { ABSENT_WORD, createVictims, RARE_CARD_WORD, RARE_WORD, SHARED_NAME, someArtifacts } from "./data.mjs";

/** Requests that a case which uses nothing up goes round in. */
export const REQUESTS = 2000;

/** Deletes a second that a round may need: no machine seen so far does more. */
export const DELETES_PER_SECOND = { 1: 1300, 16: 2600 };

/** The most artifacts that the goal of a selective search is set for. */
const INDEXED_GOAL_SIZE = 100_000;

/** Artifacts from which on a page can be deep. */
const DEEP = 10_000;

const GOALS = {
  delete: 1.15,
  row: 1.1,
  name: 1.1,
  page: 1.35,
  register: 1.35,
  cpu: 1.5,
  growth: 1.2,
  download: 0.9,
  indexed: 5,
  scanned: 50,
  hostile: 2,
};

const JSON_ALL = '[{"name":"*"}]';
const JSON_MODELS = '[{"name":"*","types":["model"]}]';

/** What is refused before anything is looked up: exponential for the engines that clients are used to. */
const HOSTILE = ["(a+)+$", "(a|aa)*$", "(a{1,99999}){1,99999}$"];

/**
 * Patterns as people search: name of the case, pattern, status, and whether its strings are rare enough for the goal of a
 * selective search; what most artifacts match is a page of a thousand, and is compared with that.
 */
export function patternsOn(size) {
  const [{ name }] = someArtifacts(size, 1);
  return [
    { name: "anchored name", regex: `^${name}$`, isSelective: true },
    { name: "rare word of names", regex: `${RARE_WORD}-[a-z0-9]+`, isSelective: true },
    { name: "rare word of cards", regex: `\\b${RARE_CARD_WORD}\\b`, isSelective: true },
    { name: "no match", regex: `${ABSENT_WORD}-[0-9]+`, expect: 404, isSelective: true },
    { name: "common substring", regex: "bert" },
    { name: "alternation", regex: "(whisper|wav2vec2)-(large|small)" },
    { name: ".*, first page", regex: ".*" },
    { name: "no literal, first page", regex: "^[b-d].{9,}[0-9]", isScan: true },
  ];
}

/** The sides that all cases are made of, on one instance with `size` artifacts. */
export function sidesOn(instance, size) {
  const some = someArtifacts(size, REQUESTS);
  const victims = createVictims(instance, size);
  const fixed = (worker, requests, more) => ({ instance, worker, requests: async () => requests, ...more });
  const product = (requests, more) => fixed("product", requests, more);
  const floor = (paths, more) =>
    fixed(
      "floor",
      paths.map((path) => ({ path })),
      more,
    );
  const absent = Array.from({ length: REQUESTS }, (_, index) => 400_000_000 + index);
  let registered = 0;

  return {
    victims,
    raw: fixed("raw", [{ path: "/tracks" }]),
    route: product([{ path: "/tracks" }]),
    row: product(some.map(({ id, type }) => ({ path: `/artifacts/${type}/${id}` }))),
    rowFloor: floor(some.map(({ id }) => `/row/${id}`)),
    noRow: product(
      absent.map((id) => ({ path: `/artifacts/model/${id}` })),
      { expect: 404 },
    ),
    noRowFloor: floor(
      absent.map((id) => `/row/${id}`),
      { expect: 404 },
    ),
    name: product(some.map(({ name }) => ({ path: `/artifact/byName/${encodeURIComponent(name)}` }))),
    nameFloor: floor(some.map(({ name }) => `/name/${encodeURIComponent(name)}`)),
    list: (body, offset) => product([{ method: "POST", path: `/artifacts${offset ? `?offset=${offset}` : ""}`, body }]),
    search: (regex, expect = 200) =>
      product([{ method: "POST", path: "/artifact/byRegEx", body: JSON.stringify({ regex }) }], { expect }),
    page: (after, limit) => floor([`/page/${after}/${limit}`]),
    delete: {
      instance,
      worker: "product",
      once: true,
      requests: async (count) =>
        (await victims.ofProduct(count)).map(({ id, type }) => ({
          method: "DELETE",
          path: `/artifacts/${type}/${id}`,
        })),
      used: (count) => victims.used("product", count),
    },
    deleteFloor: {
      instance,
      worker: "floor",
      once: true,
      requests: async (count) => (await victims.ofFloor(count)).map((id) => ({ path: `/delete/${id}` })),
      used: (count) => victims.used("floor", count),
    },
    deleteSame: {
      instance,
      worker: "floor",
      once: true,
      requests: async (count) => (await victims.ofProduct(count)).map(({ id }) => ({ path: `/remove/${id}` })),
      used: (count) => victims.used("product", count),
    },
    register: {
      instance,
      worker: "product",
      once: true,
      expect: 201,
      requests: async (count) =>
        Array.from({ length: count }, () => {
          registered += 1;
          const url = `https://files.example.org/tools/release-${registered}.tar.gz`;
          return { method: "POST", path: "/artifact/code", body: JSON.stringify({ url }) };
        }),
    },
  };
}

/** The last id below the last `rows` artifacts. */
async function idBeforeLast(instance, rows) {
  const sql = "SELECT id FROM artifacts ORDER BY id DESC LIMIT 1 OFFSET ?1";
  const [[row]] = await instance.setup("/sql", { database: "DB", statements: [{ sql, values: [rows] }] });
  return row?.id ?? 0;
}

/** A case: name, connections, goal for the median ratio of `figure` (p50 unless said), and the two sides. */
const of = (name, connections, a, b, goal, more = {}) => ({ name, connections, a, b, goal, figure: "p50", ...more });

/** Null pairs: the same Worker twice, which must come out equal. */
export function nullCases(sides) {
  return [1, 16].map((connections) => of("null pair: one D1 SELECT", connections, sides.rowFloor, sides.rowFloor));
}

/** Cases that do not depend on how much is in the registry. */
export function stackCases(sides) {
  return [
    of("raw Worker twice", 16, sides.raw, sides.raw),
    ...HOSTILE.map((regex) => of(`byRegEx ${regex}: 400`, 1, sides.search(regex, 400), sides.raw, GOALS.hostile)),
    of("route without bindings, CPU", 1, sides.route, sides.raw, GOALS.cpu, { figure: "cpu" }),
    of("route without bindings, CPU", 16, sides.route, sides.raw, GOALS.cpu, { figure: "cpu" }),
  ];
}

/** Cases on a data set. */
export async function dataCases(sides, instance, size, seconds) {
  const cases = [];
  // What a larger set cannot change is measured on a small one only, what needs depth on a large one only.
  const isSmall = size < DEEP;
  for (const connections of [1, 16]) {
    const consuming = { ready: Math.ceil(DELETES_PER_SECOND[connections] * seconds) };
    const add = (...args) => cases.push(of(args[0], connections, ...args.slice(1)));
    add("DELETE", sides.delete, sides.deleteFloor, GOALS.delete, consuming);
    // Not a goal, but where the rest goes: the same rows leave by one bare statement, without receipt and audit.
    if (isSmall) add("DELETE / same rows, bare", sides.delete, sides.deleteSame, undefined, consuming);
    add("GET", sides.row, sides.rowFloor, GOALS.row);
    if (isSmall) add("GET, absent: 404", sides.noRow, sides.noRowFloor, GOALS.row);
    add("byName", sides.name, sides.nameFloor, GOALS.name);
    // Where the set ends is asked for when the case begins: deletes and registrations move it.
    const lastPage = async (rows, body = JSON_ALL) => {
      const after = await idBeforeLast(instance, rows);
      return { a: sides.list(body, `after-${after}`), b: sides.page(after, rows) };
    };
    const later = (name, make, goal) => cases.push({ ...of(name, connections, undefined, undefined, goal), make });
    later("list, last page of 100", () => lastPage(100), GOALS.page);
    const named = JSON.stringify([{ name: SHARED_NAME.name }]);
    if (isSmall) add("list of a name, 100", sides.list(named), sides.page(0, SHARED_NAME.artifacts), GOALS.page);
    add("list, first page of 1000", sides.list(JSON_ALL), sides.page(0, Math.min(1000, size)), GOALS.page);
    if (!isSmall) {
      const middle = Math.floor(size / 2);
      add("list, deep page of 1000", sides.list(JSON_ALL, `after-${middle}`), sides.page(middle, 1000), GOALS.page);
      add(
        "list of a type, deep 1000",
        sides.list(JSON_MODELS, `after-${middle}`),
        sides.page(middle, 1000),
        GOALS.page,
      );
    }
    if (connections === 1) {
      for (const { name, regex, expect, isSelective, isScan } of patternsOn(size)) {
        const goal = isSelective && size <= INDEXED_GOAL_SIZE ? GOALS.indexed : isScan ? GOALS.scanned : undefined;
        add(`byRegEx, ${name}`, sides.search(regex, expect), sides.rowFloor, goal);
      }
    }
    add("register, no upstream", sides.register, sides.deleteFloor, GOALS.register, consuming);
  }
  return cases;
}

/** The same call on the largest and on the smallest set. */
export async function growthCases(large, small, seconds) {
  const consuming = { ready: Math.ceil(DELETES_PER_SECOND[1] * seconds) };
  const both = (name, sideOf, goal, more) => of(`${name}, most / least`, 1, sideOf(large), sideOf(small), goal, more);
  const grown = (name, side, more) => both(name, ({ sides }) => sides[side], GOALS.growth, more);
  const lastPages = async () => {
    const [a, b] = await Promise.all(
      [large, small].map(async ({ instance, sides }) =>
        sides.list(JSON_ALL, `after-${await idBeforeLast(instance, 100)}`),
      ),
    );
    return { a, b };
  };
  const patterns = patternsOn(small.size);
  const onLarge = patternsOn(large.size);
  return [
    grown("DELETE", "delete", consuming),
    grown("GET", "row"),
    grown("byName", "name"),
    both("first page of 1000", ({ sides }) => sides.list(JSON_ALL), GOALS.growth),
    { ...of("deep page of 100, most / least", 1, undefined, undefined, GOALS.growth), make: lastPages },
    // What a search finds, and the index looks through, grows with what is there: no goal, but to be seen.
    ...patterns.map(({ name, regex, expect }, index) =>
      of(
        `byRegEx ${name}, most / least`,
        1,
        large.sides.search(onLarge[index].regex, expect),
        small.sides.search(regex, expect),
      ),
    ),
  ];
}

export { GOALS };
