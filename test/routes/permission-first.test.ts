/**
 * Permission before validation: whoever may not call a route is told so, and nothing of what is wrong with the request. The
 * requests are made from the document, so a new route is among them.
 */

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SCOPES, type Scope } from "../../src/auth/scopes.ts";
import { addUser, allBut, closedRegistry, headersOf, issued } from "../accounts.ts";
import { createRegistry } from "../harness.ts";
import { linkIn, source } from "./answers.ts";
import { EXAMPLES } from "./examples.ts";

interface Operation {
  "x-required-scope"?: Scope | "session";
  parameters?: { name: string; in: string }[];
  requestBody?: unknown;
}

/** A request that no schema takes. */
interface Invalid {
  what: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

const closed = closedRegistry();
const operations = new Map<string, Operation>();

beforeAll(async () => {
  const { paths } = (await createRegistry().call("GET", "/openapi.json")).json as {
    paths: Record<string, Record<string, Operation>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) operations.set(`${method} ${path}`, operation);
  }
});

/** What is wrong in every place where something stands; `kind` must be right for the path to be a route of the hub. */
function pathOf(key: string, value: string): string {
  return (key.split(" ")[1] ?? "").replace(/\{(\w+)\}/g, (_, name: string) => (name === "kind" ? "models" : value));
}

/** Every way to be wrong that a route has a place for. */
function invalidRequests(key: string, { parameters = [], requestBody }: Operation): Invalid[] {
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
  const good = pathOf(key, "1").replace("/artifacts/1/", "/artifacts/code/").replace("/artifact/1", "/artifact/code");
  // `signature` would be another way in; it is tested by itself.
  const query = named("query").filter((name) => name !== "signature");
  const twice = query.flatMap((name) => [`${name}=%ff`, `${name}=%ff`]).join("&");
  return [
    ...["!!", "%00", "%ff", "x".repeat(300), "%2E%2E%2Fx"].map((value) => ({
      what: `a path of ${value.slice(0, 9)}`,
      path: pathOf(key, value),
    })),
    ...(query.length > 0 ? [{ what: "a query twice and no UTF-8", path: `${good}?${twice}` }] : []),
    ...(named("header").length > 0
      ? [
          {
            what: "headers that cannot be meant",
            path: good,
            headers: Object.fromEntries(named("header").map((name) => [name, "~,,;="])),
          },
        ]
      : []),
    ...(requestBody === undefined
      ? []
      : ["", "{", "7", "[[[", `{"a":${"[".repeat(100)}${"]".repeat(100)}}`, "x".repeat(70_000)].map((body) => ({
          what: `a body of ${body.slice(0, 9)}`,
          path: good,
          body,
        }))),
    { what: "a body that nobody asked for", path: good, ...(!key.startsWith("get ") && { body: "{" }) },
  ];
}

const keys = Object.keys(EXAMPLES);

describe.each(keys)("%s", (key) => {
  let weak: Record<string, string> = {};
  const isHub = key.includes(" /hf/");

  beforeEach(async () => {
    const required = operations.get(key)?.["x-required-scope"];
    weak = headersOf(
      required === "session"
        ? await issued("token", await addUser("bob", allBut()), { granted: allBut() })
        : await issued("session", await addUser("wendy", allBut(required ?? ""))),
    );
  });

  it("says who may not before it says what is wrong", async () => {
    const operation = operations.get(key) ?? {};
    if (operation["x-required-scope"] === undefined) return expect(operation).not.toHaveProperty("x-required-scope");
    const method = key.split(" ")[0]?.toUpperCase() ?? "";
    for (const { what, path, body, headers } of invalidRequests(key, operation)) {
      const stranger = await closed.call(method, path, body, headers);
      expect(stranger.status, `${what}: ${path.slice(0, 200)} ${stranger.text}`).toBe(isHub ? 401 : 403);
      const known = await closed.call(method, path, body, { ...headers, ...weak });
      expect(known.status, `${what}: ${path.slice(0, 200)} ${known.text}`).toBe(isHub ? 403 : 401);
      expect(known.text).toContain("You do not have permission to");
    }
  });
});

describe("the empty name", () => {
  it("is told to who may read", async () => {
    const weak = headersOf(await issued("session", await addUser("wendy", allBut("artifact:read"))));
    expect((await closed.call("GET", "/artifact/byName/")).status).toBe(403);
    expect((await closed.call("GET", "/artifact/byName/", undefined, weak)).status).toBe(401);
    const reader = headersOf(await issued("session", await addUser("rita", SCOPES)));
    expect((await closed.call("GET", "/artifact/byName/", undefined, reader)).status).toBe(400);
  });
});

describe("a signed link", () => {
  it.each(["?signature=a&signature=b", "?signature=", "?signature=a&expires=1&expires=2", "?expires=1&signature=%00"])(
    "that is none opens nothing: %s",
    async (query) => {
      const registry = createRegistry();
      await registry.register("code", source("x"));
      const link = linkIn(await registry.call("GET", "/artifacts/code/1"));
      for (const path of [
        "/artifacts/code/1/files/README.md",
        "/artifacts/x/!!/files/%00",
        "/artifacts/code/007/files/a",
      ]) {
        expect((await closed.call("GET", path + query)).status, path).toBe(403);
      }
      expect((await closed.call("GET", `/artifacts/code/1/download${query}`)).status).toBe(403);
      const twice = `${link}&${link.split("?")[1]}`;
      expect((await closed.call("GET", twice)).status).toBe(403);
      expect((await closed.call("GET", link)).status).toBe(200);
    },
  );
});
