/**
 * Who may call what: every route of the document, asked by everybody there is. The table says how a good request to a route
 * looks; a route without an entry, or without a word on what it requires, fails.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SCOPES, type Scope } from "../../src/auth/scopes.ts";
import { createToken } from "../../src/auth/token-text.ts";
import { addUser, allBut, closedRegistry, credentials, headersOf, issued, OWNER } from "../accounts.ts";
import { createRegistry, rows } from "../harness.ts";
import { linkIn, seen, source, UNAUTHENTICATED, world } from "./answers.ts";

/**
 * A good request, and how it is answered to whoever may make it. `adminPath`: where an administrator asks elsewhere;
 * `{self}`: the id of the token that asks.
 */
interface Example {
  path: string;
  status: number;
  body?: unknown;
  adminPath?: string;
}

const license = { github_url: "https://github.com/acme-labs/aster" };
const newUser = { name: "grace", password: "a password of hers", is_admin: false, scopes: ["search"] };

/** On a registry that holds model 1 and code 2, where code 3 was deleted, and whose users are ada and bob. */
const EXAMPLES: Record<string, Example> = {
  "get /health": { path: "/health", status: 200 },
  "get /health/components": { path: "/health/components", status: 200 },
  "get /tracks": { path: "/tracks", status: 200 },
  "put /authenticate": {
    path: "/authenticate",
    status: 200,
    body: credentials(OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD),
  },
  "post /tokens": { path: "/tokens", status: 201, body: { name: "ci", scopes: ["search"] } },
  "get /tokens": { path: "/tokens", status: 200 },
  "delete /tokens/{id}": { path: "/tokens/{self}", status: 200 },
  "post /users": { path: "/users", status: 201, body: newUser },
  "get /users": { path: "/users", status: 200 },
  "delete /users/{name}": { path: "/users/ada", status: 200, adminPath: "/users/bob" },
  "post /artifact/{artifact_type}": { path: "/artifact/code", status: 201, body: { url: source("new") } },
  "get /artifacts/{artifact_type}/{id}": { path: "/artifacts/code/2", status: 200 },
  "put /artifacts/{artifact_type}/{id}": {
    path: "/artifacts/code/2",
    status: 200,
    body: { metadata: { name: "two", id: "2", type: "code" }, data: { url: source("two") } },
  },
  "delete /artifacts/{artifact_type}/{id}": { path: "/artifacts/code/2", status: 200 },
  "get /artifacts/{artifact_type}/{id}/download": { path: "signed link", status: 200 },
  "post /artifacts": { path: "/artifacts", status: 200, body: [] },
  "post /artifacts/delete": { path: "/artifacts/delete", status: 200, body: { ids: [{ type: "code", id: "2" }] } },
  "get /artifact/byName/{name}": { path: "/artifact/byName/two", status: 200 },
  "post /artifact/byRegEx": { path: "/artifact/byRegEx", status: 200, body: { regex: "two" } },
  "get /deletions/{id}": { path: "/deletions/3", status: 200 },
  "delete /reset": { path: "/reset?confirm=2", status: 200 },
  "get /artifact/{artifact_type}/{id}/rate": { path: "/artifact/model/1/rate", status: 200 },
  "get /artifact/model/{id}/lineage": { path: "/artifact/model/1/lineage", status: 200 },
  "get /artifact/{artifact_type}/{id}/cost": { path: "/artifact/model/1/cost", status: 200 },
  "post /artifact/model/{id}/license-check": { path: "/artifact/model/1/license-check", status: 200, body: license },
};

interface Route {
  key: string;
  security?: Record<string, string[]>[];
  required?: Scope | "session";
}

const open = createRegistry();
const closed = closedRegistry();
const routes: Route[] = [];

beforeAll(async () => {
  const { paths } = (await open.call("GET", "/openapi.json")).json as {
    paths: Record<string, Record<string, { security?: Route["security"]; "x-required-scope"?: Route["required"] }>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { security, "x-required-scope": required } = operation;
      routes.push({ key: `${method} ${path}`, ...(security && { security }), ...(required && { required }) });
    }
  }
});

let link = "";
beforeEach(async () => {
  await open.register("model", "acme-labs/aster-base", "aster-base");
  await open.register("code", source("two"), "two");
  await open.register("code", source("three"));
  await open.call("DELETE", "/artifacts/code/3");
  link = linkIn(await open.call("GET", "/artifacts/code/2"));
  await addUser("ada", ["search"]);
  await addUser("bob", allBut());
});

/** No line of the log, whatever happened, opens a door. */
const secrets = new Set<string>([OWNER.ADMIN_PASSWORD, newUser.password]);
let lines: string[] = [];
beforeEach(() => {
  lines = [];
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(String(line)));
  }
});
afterEach(() => {
  const opens = (line: string) =>
    /signature=|bearer/i.test(line) || [...secrets].some((secret) => line.includes(secret));
  expect(lines.filter(opens)).toEqual([]);
});

/** A token that was issued, and whose secret must appear nowhere. */
async function holds(...what: Parameters<typeof issued>): Promise<Record<string, string>> {
  const headers = headersOf(await issued(...what));
  secrets.add(headers["X-Authorization"].slice(-43));
  return headers;
}

function ask({ key }: Route, headers: Record<string, string>, path = EXAMPLES[key]?.path ?? "") {
  const method = key.split(" ")[0]?.toUpperCase() ?? "";
  const self = /tmr_([st][0-9a-f]{16})_/.exec(headers["X-Authorization"] ?? "")?.[1] ?? "s0123456789abcdef";
  const at = path === "signed link" ? link : path.replace("{self}", self);
  return closed.call(method, at, EXAMPLES[key]?.body, headers);
}

const whole = async () => ({
  ...(await world()),
  users: await rows("SELECT name FROM users"),
  tokens: await rows("SELECT id FROM tokens"),
});

const findRoute = (key: string): Route => routes.find((route) => route.key === key) ?? { key };

describe("the document", () => {
  it("says of every route what it requires, in one way or the other, and the table has them all", () => {
    expect(routes.map(({ key }) => key).toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
    for (const { key, security, required } of routes) {
      if (required === undefined) expect(security, key).toEqual([]);
      else {
        expect([...SCOPES, "session"], key).toContain(required);
        expect(security, key).toEqual([
          { XAuthorization: [required] },
          { Authorization: [required] },
          { CloudflareAccess: [required] },
        ]);
      }
    }
    const opened = routes.filter(({ required }) => required === undefined).map(({ key }) => key);
    expect(opened.toSorted()).toEqual([
      "get /artifacts/{artifact_type}/{id}/download",
      "get /health",
      "get /health/components",
      "get /tracks",
      "put /authenticate",
    ]);
  });
});

/** Everybody who is nobody. */
async function strangers(): Promise<Record<string, Record<string, string>>> {
  const { text } = createToken("session");
  const { text: machine } = createToken("token");
  return {
    none: {},
    "an empty header": { "X-Authorization": "" },
    "no scheme": { "X-Authorization": text },
    "another scheme": { Authorization: "Basic cm9vdDpyb290" },
    "two words": { "X-Authorization": `bearer ${text} ${text}` },
    "not one of ours": { Authorization: "Bearer eyJhbGciOiJub25lIn0.e30." },
    "too long": { "X-Authorization": `bearer ${"x".repeat(9000)}` },
    "an unknown session": { "X-Authorization": `bearer ${text}` },
    "an unknown token": { Authorization: `Bearer ${machine}` },
    "the secret of another": {
      "X-Authorization": `bearer tmr_${(await issued("token", "bob", { granted: SCOPES })).id}_${machine.slice(-43)}`,
    },
    "a bad token before a good one": {
      ...(await holds("session", null)),
      "X-Authorization": "bearer nobody",
      Authorization: (await holds("session", null))["X-Authorization"] ?? "",
    },
    expired: await holds("session", null, { expires_at: Date.now() - 1 }),
    "an expired token": await holds("token", null, { granted: ["admin"], expires_at: Date.now() - 1 }),
    "used up": await holds("session", null, { leases_left: 0 }),
    "an assertion where Access is not configured": { "Cf-Access-Jwt-Assertion": "eyJhbGciOiJub25lIn0.e30." },
  };
}

describe.each(Object.keys(EXAMPLES))("%s", (key) => {
  const isOpen = /^get \/(health|tracks)|^put \/authenticate|download$/.test(key);

  it("lets no stranger in, and tells them nothing", async () => {
    const route = findRoute(key);
    const people = await strangers();
    const before = await whole();
    for (const [who, headers] of Object.entries(people)) {
      const answer = await ask(route, headers);
      if (isOpen) expect(answer.status, who).toBe(EXAMPLES[key]?.status);
      else expect(seen(answer), who).toEqual(UNAUTHENTICATED);
    }
    if (key !== "put /authenticate") expect(await whole()).toEqual(before);
  });

  if (isOpen) return;

  it("refuses whoever may do everything else, and changes nothing", async () => {
    const route = findRoute(key);
    // A machine may not manage tokens, not even its own.
    const wrong =
      route.required === "session"
        ? await holds("token", "bob", { granted: allBut() })
        : await holds("session", await addUser("eve", allBut(route.required ?? "")));
    const before = await whole();
    const answer = await ask(route, wrong);
    expect(answer.status).toBe(401);
    expect((answer.json as { detail: string }).detail).toMatch(/^You do not have permission to [a-z ]+\.$/);
    expect(await whole()).toEqual(before);
  });

  it("answers whoever may do just this", async () => {
    const route = findRoute(key);
    const { required = "admin" } = route;
    const right =
      required === "session"
        ? await holds("session", "ada")
        : await holds("token", await addUser("eve", [required]), { granted: SCOPES });
    const answer = await ask(route, right);
    expect(answer.status, answer.text).toBe(EXAMPLES[key]?.status);
  });

  it("answers an administrator", async () => {
    const route = findRoute(key);
    const answer = await ask(route, await holds("session", null), EXAMPLES[key]?.adminPath);
    expect(answer.status, answer.text).toBe(EXAMPLES[key]?.status);
  });
});
