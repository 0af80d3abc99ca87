/** The shape of the sources: who may import whom, who may talk to database, bucket and network. */

import { describe, expect, it } from "vitest";

interface Globbing {
  glob(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, string>;
}
const raw = (import.meta as unknown as Globbing & ImportMeta).glob("../src/**/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});
/** The sources by their path below src/; declarations of other people's packages are no code of ours. */
const FILES = Object.entries(raw)
  .filter(([path]) => !path.endsWith(".d.ts"))
  .map(([path, text]) => ({ path: path.replace("../src/", ""), text, code: withoutComments(text) }));

/** Rooms by floor: whoever is on one may import what is on the same or a lower one. */
const FLOORS = [
  ["app", "index", "rpc", "workflows", "routes", "middleware"],
  ["artifacts"],
  ["trust", "lineage", "license", "search", "auth"],
  ["store", "sources", "inspection"],
  ["zip"],
  ["lib"],
];
/** What every floor may use, and what they themselves may use. */
const COMMON = ["context", "config", "env", "errors", "limits", "settings"];

const roomOf = (path: string) => path.split("/")[0]?.replace(/\.ts$/, "") ?? path;
const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The rooms of ours that a file imports from, types included. */
function importsOf({ path, code }: { path: string; code: string }): string[] {
  const folder = path.split("/").slice(0, -1).join("/");
  const targets = [...code.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target]) => target ?? "");
  return targets.map((target) => new URL(target, `file:///${folder ? `${folder}/` : ""}`).pathname.slice(1));
}

/** Whether what a file imports from a room is types alone. */
function onlyTypes(code: string, room: string): boolean {
  return [...code.matchAll(/import\s+(type\s)?[^;]*?from\s+"([^"]+)"/g)]
    .filter(([, , target]) => target?.includes(`/${room}/`))
    .every(([, type]) => type !== undefined);
}

/** Every place in the sources that a pattern matches: `path: line`. */
function places(pattern: RegExp, files = FILES): string[] {
  return files.flatMap(({ path, code }) =>
    code.split("\n").flatMap((line) => (pattern.test(line) ? [`${path}: ${line.trim()}`] : [])),
  );
}
const inside = (...rooms: string[]) => FILES.filter(({ path }) => rooms.includes(roomOf(path)));
const outside = (...rooms: string[]) => FILES.filter(({ path }) => !rooms.includes(roomOf(path)));

/** Verbs that need no permission: anyone may ask how the registry is, who they are, and open what a signed link names. */
const OPEN_VERBS = ["readHealth", "readComponents", "logIn", "openDownload", "openPart"];

/** For each verb that a route of a file calls: what the route declares, and what the verb's first statement asks for. */
function declaredAndAsked(file: { path: string; code: string }) {
  const verbs = new Map(
    [...file.code.matchAll(/import \{([^}]*)\} from "\.\.\/((?:artifacts|auth)\/[\w/-]+\.ts)"/g)].flatMap(
      ([, names = "", from = ""]) => names.split(",").map((name) => [name.trim(), from] as const),
    ),
  );
  const [, ...handlers] = file.code.split(/\.openapi\((?=\w+[,(])/);
  return handlers.flatMap((handler, index) => {
    const name = /^\w+/.exec(handler)?.[0] ?? "";
    const called = [...verbs].filter(([verb]) => new RegExp(`\\b${verb}\\(\\s*c\\.var\\.ctx`).test(handler));
    // who opens a link is let in by it; what is behind asks as usual
    const asking = called.filter(([verb]) => !OPEN_VERBS.includes(verb));
    const declared = declaredBy(name, file.code) ?? `nothing (${index})`;
    const at = { route: `${file.path} ${name}`, declared };
    if (asking.length === 0) return [{ ...at, verb: "none", asked: "open" }];
    return asking.map(([verb, from]) => ({ ...at, verb, asked: permissionOf(verb, from) }));
  });
}

/** What a route, by the name of its constant or of the function that makes it, declares. */
function declaredBy(route: string, code: string): string | undefined {
  const [, text = ""] = new RegExp(`(?:const|function) ${route}\\b([\\s\\S]*?)\\n\\}`).exec(code) ?? [];
  const [, permission, open] = /\.\.\.(?:requires\("([\w:]+)"|(open)\()/.exec(text) ?? [];
  return permission ?? open;
}

/** What the first statement of a verb asks for. */
function permissionOf(verb: string, from: string): string | undefined {
  const code = FILES.find(({ path }) => path === from)?.code ?? "";
  const [, text = ""] = code.split(new RegExp(`^export (?:async )?function ${verb}\\(`, "m"));
  // a signature ends with the first line that is no parameter's and opens the body
  const body = /^(?:[^\n]*|[\s\S]*?\n\)[^\n]*) \{\n([^\n]*)/.exec(text)?.[1];
  return /^ {2}permit\(ctx, "([\w:]+)"\);$/.exec(body ?? "")?.[1];
}

describe("the sources", () => {
  it("are all seen, and every room has its floor", () => {
    expect(FILES.length).toBeGreaterThan(60);
    const rooms = [...new Set(FILES.map(({ path }) => roomOf(path)))];
    expect(rooms.filter((room) => floorOf(room) === -1 && !COMMON.includes(room))).toEqual([]);
  });

  it("import downwards only", () => {
    const upwards = FILES.flatMap((file) => {
      const from = floorOf(roomOf(file.path));
      return (
        importsOf(file)
          .filter((target) => !COMMON.includes(roomOf(target)))
          // a closed table, without which neither an actor nor a setting can be named
          .filter((target) => {
            const mayUse =
              ["context.ts", "config.ts", "env.ts", "settings.ts"].includes(file.path) || onlyTypes(file.code, "auth");
            return !(mayUse && target === "auth/scopes.ts");
          })
          // lib is the ground: what every floor may use may use it too
          .filter((target) => (from === -1 ? roomOf(target) !== "lib" : floorOf(roomOf(target)) < from))
          .map((target) => `${file.path} -> ${target}`)
      );
    });
    expect(upwards).toEqual([]);
  });

  it("of lib/ import nothing of ours, those of zip/ and inspection/ only what is common or below them", () => {
    const used = (room: string) =>
      FILES.filter(({ path }) => roomOf(path) === room)
        .flatMap(importsOf)
        .map(roomOf);
    expect(used("lib").filter((room) => room !== "lib")).toEqual([]);
    expect(used("zip").filter((room) => !["zip", "lib", "errors", "limits"].includes(room))).toEqual([]);
    expect(
      used("inspection").filter((room) => !["inspection", "zip", "lib", "errors", "limits"].includes(room)),
    ).toEqual([]);
  });

  it("of routes/ reach sources and store for types and constants alone", () => {
    const values = places(
      /^import (?!type)[^;]*"\.\.\/(store|sources)\//,
      FILES.filter(({ path }) => roomOf(path) === "routes"),
    );
    expect(values.filter((line) => !/import \{ ACCOUNT_KINDS, AUDIT_ACTIONS \}/.test(line))).toEqual([]);
  });

  it("contain SQL in store/ alone", () => {
    const verb = "(?:SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE|PRAGMA|CREATE|DROP|ALTER)";
    const sql = new RegExp(
      `\\.prepare\\(|["'\`]${verb}\\s+[\\w*]|^\\s*${verb}\\s+(?:OR|INTO|FROM|RECURSIVE|[\\w.*]+,)\\b`,
    );
    expect(places(sql, inside("store")).length).toBeGreaterThan(40);
    expect(places(sql, outside("store"))).toEqual([]);
  });

  it("call methods of the bucket in store/ alone", () => {
    const bucket =
      /\b(blobs|bucket|BUCKET)\s*\??\.\s*(put|get|head|delete|list|createMultipartUpload|resumeMultipartUpload)\(/;
    expect(places(bucket, inside("store")).length).toBeGreaterThan(4);
    expect(places(bucket, outside("store"))).toEqual([]);
    // the doors make the context; nobody behind them has bindings of their own
    expect(places(/\benv\.(BUCKET|DB)\b/, outside("context", "middleware", "rpc", "index"))).toEqual([]);
  });

  it("call fetch in sources/ alone; what is handed to them under that name is none, nor the docs' files, nor a door of that name", () => {
    const calls = outside("sources").flatMap((file) => {
      const handed = /[(,]\s*fetch: \w+/.test(file.code);
      return places(/(?<![.\w]|override )fetch\(|(globalThis|self)\.fetch\b/, handed ? [] : [file]);
    });
    expect(calls).toEqual([]);
    expect(places(/(?<![.\w])fetch\(/, inside("sources"))).toEqual([
      expect.stringMatching(/^sources\/safe-fetch\.ts: /),
    ]);
    expect(
      places(/\.fetch\(/, outside("sources")).filter(
        (line) => !/^routes\/docs\.ts: .*env\.DOCS\.fetch\(|^rpc\.ts: return app\.fetch\(/.test(line),
      ),
    ).toEqual([]);
    expect(places(/cloudflare:sockets|XMLHttpRequest|WebSocket|EventSource/)).toEqual([]);
  });

  it("of routes/ declare for each route the permission that each verb which it calls begins with", () => {
    const found = inside("routes").flatMap(declaredAndAsked);
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter(({ declared, asked }) => declared !== asked)).toEqual([]);
  });

  it("of auth/, middleware/ and the doors alone make an actor or set one", () => {
    expect(places(/\bkind: "(user|worker|anonymous|nobody)"/, outside("auth", "middleware", "rpc", "index"))).toEqual(
      [],
    );
  });

  it("have files of at most 250 lines, each with a header that says what it is", () => {
    // limits.ts is a list, and has no end of its own
    const long = FILES.filter(({ path, text }) => path !== "limits.ts" && text.split("\n").length > 251);
    expect(long.map(({ path }) => path)).toEqual([]);
    expect(FILES.filter(({ text }) => !text.startsWith("/**")).map(({ path }) => path)).toEqual([]);
  });

  it("have no any, no assertion that something is not null, and no check switched off", () => {
    expect(places(/\bas any\b|: any\b|<any>|as unknown as/)).toEqual([]);
    expect(places(/@ts-(ignore|nocheck|expect-error)/)).toEqual([]);
    expect(FILES.filter(({ text }) => /@ts-(ignore|nocheck|expect-error)/.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });
});
