/**
 * The data sets: artifacts as a registry of public models has them, loaded through SQL.
 *
 * Invariant: the same seed gives the same rows, whatever the size of the set; ids are dense and ascending, so that a page's
 * cursor can be computed. What DELETE takes is made like the rest, with its object, and comes on top.
 */

/** Rows loaded at once: about a megabyte of JSON. */
const ROWS_AT_ONCE = 1000;

/** Where the ids of what is registered during the run begin: above everything that is loaded. */
const FIRST_REGISTERED_ID = 500_000_000;

/** Size of a victim's object: a light bundle holds a card, a manifest and some configuration. */
const OBJECT_BYTES = 16 * 1024;

/** How many artifacts share one name on purpose: a list by name that is one page of a hundred. */
export const SHARED_NAME = { name: "adapter-of-everyone", artifacts: 100 };

/** A word that a handful of names have, among the first artifacts of any set. */
export const RARE_WORD = "quokka";
/** The same in the cards of a handful, and in no name. */
export const RARE_CARD_WORD = "axolotl";
/** A word that nothing has. */
export const ABSENT_WORD = "zyzzyva";
const RARE_EVERY = 97;
const RARE_UP_TO = 970;

const OWNERS = `google-bert openai meta-llama mistralai Qwen microsoft facebook sentence-transformers stabilityai BAAI
  deepseek-ai tiiuae EleutherAI bigscience HuggingFaceH4 nvidia ibm-granite allenai intfloat jinaai cross-encoder
  distilbert FacebookAI albert xlm-community university-lab clinical-nlp audio-team vision-team someone`.split(/\s+/);
const FAMILIES =
  `bert roberta distilbert deberta-v3 gpt2 llama-3.1 llama-2 mistral qwen2.5 phi-3 gemma-2 falcon t5 flan-t5
  mt5 bart pegasus whisper wav2vec2 clip vit swin detr yolos sam stable-diffusion bge e5 gte minilm mpnet`.split(/\s+/);
const SIZES = "tiny mini small base medium large xl 1b 3b 7b 8b 13b 34b 70b".split(" ");
const TASKS = `instruct chat uncased cased multilingual finetuned-sst2 squad2 ner embeddings reranker code math medical
  legal en-de asr detection segmentation lora gguf awq distilled`.split(/\s+/);
const THINGS = "reviews dialogues questions captions transcripts commits papers tickets tweets images".split(" ");
const WORDS =
  `this model was trained on text and evaluated with accuracy it is intended for research use license apache data
  tokens layers parameters fine-tuned from base weights usage example pipeline transformers limitations bias benchmark
  results table training procedure learning rate batch epochs hardware emissions citation contact`.split(/\s+/);

/** A small seeded generator (mulberry32): numbers in [0, 1). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The artifact with this id: its own seed, so that any one can be made without the others. */
function artifact(id, now) {
  const next = random(id * 2_654_435_761);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const roll = next();
  const type = roll < 0.7 ? "model" : roll < 0.9 ? "dataset" : "code";
  const owner = pick(OWNERS);
  const stem = `${pick(FAMILIES)}-${pick(SIZES)}-${pick(TASKS)}`;
  const shared = id <= SHARED_NAME.artifacts;
  const rare = id % RARE_EVERY === 0 && id <= RARE_UP_TO ? `${RARE_WORD}-` : "";
  const repository = `${rare}${type === "model" ? stem : `${stem}-${pick(THINGS)}`}-${id.toString(36)}`;
  // Names need not be unique, sources are: one artifact in ten is known by a name that a few others have too.
  const name = shared ? SHARED_NAME.name : next() < 0.1 ? `${stem}-v${Math.floor(id / 20)}` : repository;
  const kind =
    type === "code"
      ? `https://gitlab.com/${owner}`
      : `https://huggingface.co/${type === "dataset" ? "datasets/" : ""}${owner}`;
  const hex = (length) => Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join("");
  const words = Array.from({ length: 40 + Math.floor(next() * 120) }, () => pick(WORDS)).join(" ");
  const card = id % RARE_EVERY === 1 && id <= RARE_UP_TO ? `${words} ${RARE_CARD_WORD}` : words;
  return {
    id,
    type,
    name,
    url: `${kind}/${repository}`,
    source: `${owner}/${repository}`,
    source_key: `${owner}/${repository}`.toLowerCase(),
    revision: hex(40),
    license: JSON.stringify([pick(["apache-2.0", "mit", "llama3.1", "cc-by-4.0", "other"])]),
    upstream_size: Math.floor(next() ** 4 * 2e10),
    object_key: `artifacts/${type}/${id}.zip`,
    size: OBJECT_BYTES,
    sha256: hex(64),
    version: id,
    created_at: now,
    updated_at: now,
    card,
    parent: type === "model" && next() < 0.4 ? `${pick(OWNERS)}/${pick(FAMILIES)}-${pick(SIZES)}`.toLowerCase() : null,
    net: type === "model" ? Math.round(next() * 100) / 100 : null,
  };
}

/** What belongs to an artifact is loaded as registering it writes it. */
const COLUMNS = `id, type, name, url, source, source_key, revision, license, upstream_size, object_key, size, sha256,
  version, created_at, updated_at`.split(/,\s*/);

const LOADING = [
  `INSERT INTO artifacts (${COLUMNS.join(", ")})
   SELECT ${COLUMNS.map((column) => `value ->> '${column}'`).join(", ")} FROM json_each(?1)`,
  "INSERT INTO cards (artifact_id, text) SELECT value ->> 'id', value ->> 'card' FROM json_each(?1)",
  `INSERT INTO search (rowid, body)
   SELECT value ->> 'id', concat_ws(char(10), value ->> 'name', value ->> 'source', value ->> 'card') FROM json_each(?1)`,
  `INSERT INTO edges (child_id, parent_type, parent_key, parent_source, relation, read_from)
   SELECT value ->> 'id', 'model', value ->> 'parent', value ->> 'parent', 'base_model', 'card'
   FROM json_each(?1) WHERE value ->> 'parent' IS NOT NULL`,
  `INSERT INTO ratings (artifact_id, algorithm, net, rating, explanation)
   SELECT value ->> 'id', 'bench', value ->> 'net', json_object('net_score', value ->> 'net'), '{}'
   FROM json_each(?1) WHERE value ->> 'net' IS NOT NULL`,
];

async function loadRows(instance, first, count) {
  const now = Date.now();
  // The next rows are made while the database takes those before: of a million, that is a minute less.
  let loading = Promise.resolve();
  for (let from = first; from < first + count; from += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, first + count - from);
    const rows = JSON.stringify(Array.from({ length }, (_, index) => artifact(from + index, now)));
    await loading;
    const statements = LOADING.map((sql) => ({ sql, values: [rows] }));
    loading = instance.setup("/sql", { database: "DB", statements });
    loading.catch(() => {});
  }
  await loading;
}

/**
 * Splits a migration into whole statements: a semicolon ends one at the end of a line, but not inside a trigger's body,
 * which ends with END.
 */
export function splitStatements(sql) {
  const statements = [];
  let statement = "";
  for (const line of sql.split("\n")) {
    const code = line.replace(/--.*$/, "").trimEnd();
    if (code === "") continue;
    statement += `${code}\n`;
    const inTrigger = /^\s*CREATE\s+TRIGGER\b/i.test(statement) && !/\bEND\s*;\s*$/i.test(statement);
    if (!code.endsWith(";") || inTrigger) continue;
    statements.push(statement.trim().replace(/;$/, ""));
    statement = "";
  }
  if (statement.trim() !== "") statements.push(statement.trim());
  return statements;
}

/** Makes the schema and loads `size` artifacts, and as many rows for the floor to write on. */
export async function loadDataSet(instance, size, migrations) {
  const run = (database, ...statements) => instance.setup("/sql", { database, statements });
  for (const migration of migrations) await run("DB", ...splitStatements(migration).map((sql) => ({ sql })));
  await loadRows(instance, 1, size);
  await run(
    "DB",
    {
      sql: `INSERT INTO uploads (id, type, name, size, sha256, started_at, started_by)
            VALUES (${FIRST_REGISTERED_ID}, 'code', 'none', 0, '', 0, 'bench')`,
    },
    { sql: "DELETE FROM uploads" },
  );
  await run(
    "FLOOR",
    { sql: `CREATE TABLE floor (${FLOOR_COLUMNS.join(", ")}) STRICT` },
    { sql: "CREATE INDEX floor_by_name ON floor (name, type)" },
    { sql: "CREATE INDEX floor_by_source ON floor (source)" },
    { sql: "CREATE INDEX floor_by_type ON floor (type)" },
  );
  for (let from = 1; from <= size; from += FLOOR_ROWS_AT_ONCE) {
    await loadFloorRows(instance, from, Math.min(FLOOR_ROWS_AT_ONCE, size + 1 - from));
  }
}

/** The floor's table has the columns and indexes that a table of artifacts needs, and nothing that hangs on it. */
const FLOOR_COLUMNS = [
  "id INTEGER PRIMARY KEY",
  "type TEXT NOT NULL",
  "name TEXT NOT NULL",
  "url TEXT NOT NULL",
  "source TEXT NOT NULL",
  "source_key TEXT NOT NULL",
  "object_key TEXT NOT NULL UNIQUE",
  "size INTEGER NOT NULL",
  "sha256 TEXT NOT NULL",
  "UNIQUE (type, source_key, name)",
];
const FLOOR_ROWS_AT_ONCE = 50_000;

function loadFloorRows(instance, first, count) {
  const sql = `INSERT INTO floor (id, type, name, url, source, source_key, object_key, size, sha256)
    WITH RECURSIVE n (id) AS (SELECT ?1 UNION ALL SELECT id + 1 FROM n WHERE id < ?2)
    SELECT id, 'model', 'bert-base-' || id, 'https://huggingface.co/someone/bert-base-' || id, 'someone/bert-base-' || id,
           'someone/bert-base-' || id, 'floor/' || id, ${OBJECT_BYTES}, hex(randomblob(32)) FROM n`;
  return instance.setup("/sql", { database: "FLOOR", statements: [{ sql, values: [first, first + count - 1] }] });
}

/**
 * What deletes use up. `ofProduct(n)` and `ofFloor(n)` see to it that at least n are there, rows and objects, and give them;
 * `used` takes away those that a round has used up.
 */
export function createVictims(instance, size) {
  const pools = { product: [], floor: [] };
  let lastId = size;
  let lastFloorId = size;

  async function putObjects(keys) {
    for (let from = 0; from < keys.length; from += ROWS_AT_ONCE) {
      await instance.setup("/objects", { keys: keys.slice(from, from + ROWS_AT_ONCE), size: OBJECT_BYTES });
    }
  }

  return {
    async ofProduct(count) {
      const missing = count - pools.product.length;
      if (missing > 0) {
        await loadRows(instance, lastId + 1, missing);
        const made = Array.from({ length: missing }, (_, index) => artifact(lastId + 1 + index, 0));
        lastId += missing;
        await putObjects(made.map((row) => row.object_key));
        pools.product.push(...made.map(({ id, type }) => ({ id: String(id), type })));
      }
      return pools.product.slice(0, count);
    },
    async ofFloor(count) {
      const missing = count - pools.floor.length;
      if (missing > 0) {
        const ids = Array.from({ length: missing }, (_, index) => lastFloorId + 1 + index);
        lastFloorId += missing;
        await loadFloorRows(instance, ids[0], missing);
        await putObjects(ids.map((id) => `floor/${id}`));
        pools.floor.push(...ids);
      }
      return pools.floor.slice(0, count);
    },
    used(pool, count) {
      pools[pool].splice(0, count);
    },
  };
}

/** Some artifacts of the set, the same for each run. */
export function someArtifacts(size, count) {
  const next = random(size);
  return Array.from({ length: count }, () => artifact(1 + Math.floor(next() * size), 0));
}
