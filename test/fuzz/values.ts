/** Values for the document's schemas: mostly what is asked for, sometimes what nobody expects. */

import { writeZip } from "../../src/zip/zip-writer.ts";
import type { Schema } from "./document.ts";
import type { Random } from "./random.ts";
import type { Subject, World } from "./world.ts";

/** What a value is made from. `spoil`: how often a part is not what its schema asks for, 0..1. */
export interface Making {
  random: Random;
  world: World;
  subject: Subject;
  schemas: Record<string, Schema>;
  spoil: number;
}

/** A zip of two small files. */
export function zipEntries(mark: string, path: string) {
  const text = (content: string) => new TextEncoder().encode(content);
  return [
    { path: "README.md", bytes: text(`# fuzz ${mark}\n`) },
    { path, bytes: text("{}") },
  ];
}

/** Length of the zips that are uploaded, which are all alike. */
const ZIP_BYTES = writeZip(zipEntries("00", "config.json")).length;

/** Texts that have broken things before: of other scripts, of control characters, of other languages' syntax, of no end. */
export const ODD_TEXTS = [
  "",
  " ",
  "*",
  "null",
  "true",
  "-1",
  "007",
  "1e309",
  "9007199254740993",
  "99999999999999999999",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "../../etc/passwd",
  "..",
  ".",
  "a/b/c",
  "//",
  "\\",
  "\u0000",
  "a\u0000b",
  "\r\nSet-Cookie: a=b",
  "\u001b[31m",
  "\u007f",
  "\u2028\u2029",
  "\ufeff",
  "\ufffd\ufffe\uffff",
  "\u202etxt.exe",
  "\ud83d\ude80 \u2603 e\u0301 \u00df \u0130 \u01c5",
  "\ud800",
  "\udc00x",
  "\u5b57".repeat(300),
  "x".repeat(256),
  "x".repeat(3000),
  "'; DROP TABLE artifacts; --",
  '" OR 1=1',
  "%",
  "%00",
  "%2e%2e%2f",
  "%E0%A4%A",
  "+",
  "a b",
  "#",
  "?",
  "&a=b",
  "<script>",
  "{{7*7}}",
  "$" + "{jndi:ldap://x}",
  "2026-02-30",
  "0000-00-00T00:00:00Z",
  "NaN",
  "Infinity",
] as const;

const ODD_VALUES: readonly unknown[] = [
  ...ODD_TEXTS,
  null,
  true,
  false,
  0,
  -1,
  -0,
  1.5,
  1e21,
  1e308,
  2 ** 53,
  5e-324,
  [],
  {},
  [[]],
  [null],
  { "": "" },
  Object.fromEntries([["__proto__", { polluted: true }]]),
  { constructor: { prototype: { polluted: true } } },
  { toString: 1, valueOf: null },
  Array.from({ length: 500 }, () => null),
  deep(20),
  deep(200),
];

function deep(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

const SOURCES = {
  model: [
    "google-bert/bert-base-uncased",
    "https://huggingface.co/acme-labs/aster-chat",
    "acme-labs/aster-base",
    "borealis-lab/duo-merge",
    "acme-labs/no-readme",
    "polaris-ai/aurora-small",
    "acme-labs/aster-mini",
    "acme-labs/aster-chat-lora",
  ],
  hostile: [
    "acme-labs/lonely",
    "acme-labs/inner-circle",
    "acme-labs/sealed-gate",
    "acme-labs/torn-card",
    "nobody/nothing",
    "hostile/not-json",
    "hostile/wrong-shape",
    "hostile/broken",
    "hostile/html",
    "hostile/readme-broken",
    "hostile/config-not-json",
    "gpt2",
  ],
  other: [
    "https://files.example.org/a.tar",
    "https://files.example.org/b/c.zip?x=1#y",
    "https://github.com/acme-labs/aster",
    "https://github.com/acme-labs/nothing/tree/main",
    "https://gitlab.com/acme-labs/aster",
    "https://huggingface.co/datasets/acme-labs/field-notes",
    "https://\u043f\u0440\u0438\u043c\u0435\u0440.example.org/\u0444",
    "http://files.example.org/plain",
    "https://user:pass@files.example.org/x",
    "https://files.example.org:8443/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest",
    "https://localhost/x",
    "https://files.example.org.",
    "ftp://files.example.org/x",
    "javascript:alert(1)",
    `https://files.example.org/${"x".repeat(2040)}`,
  ],
} as const;

const DATASET = "acme-labs/field-notes";

const PATTERNS = [
  "^bert-.*",
  "aster",
  "(?i)BERT",
  "a|b",
  ".*",
  "^$",
  "(a+)+$",
  "(a|aa)*$",
  "(a{1,99999}){1,99999}$",
  "(?=x)",
  "(a)\\1",
  "[",
  "\\pL",
  "[^\\x00-\\x7f]",
  "x{1000}",
  "\u0000",
  "x".repeat(513),
];

/** What values are called decides what they may be, whichever route asks for them. */
const BY_NAME: Record<string, (making: Making) => unknown> = {
  id: ({ subject, random }) => (random.chance(0.9) ? subject.id : String(random.below(50))),
  artifact_id: ({ subject }) => subject.id,
  upload_id: ({ subject }) => subject.uploadId ?? subject.id,
  type: ({ subject }) => subject.type,
  artifact_type: ({ subject }) => subject.type,
  name: ({ subject, random }) => {
    if (random.chance(0.6)) return subject.name;
    return random.chance(0.8) ? `name-${random.below(500)}` : random.pick(ODD_TEXTS);
  },
  size: () => ZIP_BYTES,
  part_size: () => 5 * 1024 * 1024,
  parts: () => undefined,
  url: ({ random, subject }) => {
    if (random.chance(0.2)) return random.pick([...SOURCES.hostile, ...SOURCES.other]);
    if (subject.type === "model") return random.pick(SOURCES.model);
    return subject.type === "dataset" && random.chance(0.5)
      ? `https://huggingface.co/datasets/${DATASET}`
      : `https://files.example.org/item-${random.below(300)}.tar`;
  },
  github_url: ({ random }) =>
    random.pick([
      "https://github.com/acme-labs/aster",
      "https://github.com/google-research/bert",
      "https://github.com/hostile/broken",
      "https://github.com/nobody/nothing",
      "https://gitlab.com/acme-labs/aster",
    ]),
  regex: ({ random }) => random.pick(PATTERNS),
  offset: ({ world, random }) => world.offset(random),
  expires: ({ subject }) => subject.link?.expires ?? "1",
  signature: ({ subject }) => subject.link?.signature ?? "x",
  "if-match": ({ subject }) => subject.etag ?? '"1-1"',
  "if-none-match": ({ subject }) => subject.etag ?? "*",
  "if-range": ({ subject }) => subject.etag ?? '"x"',
  range: ({ random }) =>
    random.pick(["bytes=0-", "bytes=0-10", "bytes=5-1", "bytes=-5", "bytes=99999999-", "bytes=0-0,5-9", "items=1-2"]),
  prefer: ({ random }) => random.pick(["respond-async", "respond-async, wait=10", "return=minimal"]),
  actor: ({ random }) => random.pick(["anonymous", "signed link", "cron"]),
  since: ({ random }) => random.pick(["2020-01-01", "2099-01-01", "2026-10-20T08:00:00Z", "2026-10-20T08:00:00+02:00"]),
  until: ({ random }) => random.pick(["2020-01-01", "2099-01-01", "2026-10-20T08:00:00.123Z"]),
  number: ({ random }) => random.pick([1, 1, 1, 2, 10_000]),
  sha256: ({ random }) => random.pick(["0".repeat(64), "ab".repeat(32)]),
  digest: ({ random }) => (random.chance(0.8) ? undefined : `sha-256=${"0".repeat(64)}`),
  "content-digest": () => undefined,
  "repr-digest": ({ random }) => (random.chance(0.8) ? undefined : "sha-256=:AAAA:"),
  repo: ({ random }) =>
    random.chance(0.4) ? DATASET : random.pick(SOURCES.model.filter((source) => !source.includes(":"))),
  kind: ({ random }) => random.pick(["models", "models", "datasets"]),
  revision: () => "main",
  path: ({ random }) => random.pick(["README.md", "README.md", "config.json"]),
  paths: () => "README.md",
  password: () => "a password that they share",
  current_password: () => "a password that they share",
  user: ({ subject }) => subject.name,
  expires_at: ({ random }) => random.pick(["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]),
  anchor: ({ random }) => `${1 + random.below(3)}-${"0".repeat(64)}`,
};

/** A value for a schema. */
export function makeValue(schema: Schema, name: string, making: Making): unknown {
  const { random, spoil } = making;
  if (random.chance(spoil)) return random.pick(ODD_VALUES);
  if (schema.$ref) {
    const named = making.schemas[schema.$ref.replace("#/components/schemas/", "")];
    return named ? makeValue(named, name, making) : undefined;
  }
  const option = random.pick(schema.anyOf ?? []);
  if (option) return makeValue(option, name, making);
  if (schema.allOf) return makeWhole(schema.allOf, name, making);
  if ("const" in schema) return schema.const;
  const byName = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (byName && schema.type !== "object" && schema.type !== "array" && random.chance(0.9)) return byName(making);
  if (schema.enum) return random.pick(schema.enum);
  switch (schema.type) {
    case "object":
      return makeObject(schema, making);
    case "array":
      return makeArray(schema, name, making);
    case "boolean":
      return random.chance(0.5);
    case "integer":
    case "number":
      return makeNumber(schema, random);
    default:
      return random.chance(0.5) ? random.pick(ODD_TEXTS) : `v${random.below(1000)}`;
  }
}

/** A composition: objects are laid together; of anything else the first part says what it is, the rest what it means. */
function makeWhole([first = {}, ...rest]: Schema[], name: string, making: Making): unknown {
  const value = makeValue(first, name, making);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.assign(value, ...rest.map((part) => makeValue({ type: "object", ...part }, name, making)));
}

function makeNumber({ minimum = -10, maximum = 1000 }: Schema, random: Random): number {
  return random.pick([
    minimum,
    minimum + 1,
    maximum,
    Math.floor(minimum + random.next() * Math.min(maximum - minimum, 100)),
  ]);
}

function makeArray(schema: Schema, name: string, making: Making): unknown[] {
  const { random } = making;
  const length = random.chance(0.03)
    ? (schema.maxItems ?? 50) + random.below(2)
    : (schema.minItems ?? 0) + random.below(4);
  const items = schema.items ?? {};
  return Array.from({ length: Math.min(length, 2500) }, () =>
    makeValue(items, name, { ...making, subject: making.world.subject(random) }),
  );
}

function makeObject(schema: Schema, making: Making): unknown {
  const { random, spoil } = making;
  // What tells of one artifact tells of one that there is, mostly: an update that named another would be refused each time.
  const { id, name, type } = schema.properties ?? {};
  if (id && name && type && !random.chance(spoil)) {
    const { subject } = making;
    return { name: subject.name, id: subject.id, type: subject.type };
  }
  const entries: [string, unknown][] = [];
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const isWanted = schema.required?.includes(key) ? !random.chance(spoil) : random.chance(0.5);
    if (isWanted) entries.push([key, makeValue(property, key, making)]);
  }
  if (random.chance(spoil)) entries.push([random.pick(ODD_TEXTS), random.pick(ODD_VALUES)]);
  return Object.fromEntries(entries);
}
