/**
 * Who may call what: every route of the document, asked by everybody there is. A route without an example, or without a word
 * on what it requires, fails.
 */

import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SCOPES, type Scope } from "../../src/auth/scopes.ts";
import { createToken } from "../../src/auth/token-text.ts";
import type { MirrorRun } from "../../src/env.ts";
import { addUser, allBut, closedRegistry, headersOf, issued, OWNER } from "../accounts.ts";
import { createRegistry, rows } from "../harness.ts";
import { seen, UNAUTHENTICATED, world } from "./answers.ts";
import { EXAMPLES, fill, NEW_USER, prepare } from "./examples.ts";

interface Route {
  key: string;
  security?: Record<string, string[]>[];
  required?: Scope | "session";
}

// Mirrors are asked for and never run: the platform would copy on into the next test.
const MIRRORS = { create: async () => ({}) } as unknown as Workflow<MirrorRun>;
const open = createRegistry({ MIRRORS });
const closed = closedRegistry({ MIRRORS });
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

let places: Record<string, string> = {};
async function prepareFor(key: string): Promise<void> {
  places = await prepare(EXAMPLES[key] ?? { path: "", status: 0 }, open);
  await addUser("ada", ["search"]);
  await addUser("bob", allBut());
}

/** No line of the log, whatever happened, opens a door. */
const secrets = new Set<string>([OWNER.ADMIN_PASSWORD, NEW_USER.password]);
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
  const { body, headers: own } = EXAMPLES[key] ?? {};
  return closed.call(method, fill(path, { ...places, self }), body, { ...own, ...headers });
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
  beforeEach(() => prepareFor(key));
  // The hub's clients are told by the hub's statuses, and in its envelope.
  const isHub = key.includes(" /hf/");
  const isOpen = /^get \/(health|tracks)|^put \/authenticate|download$/.test(key);

  async function expectNobody(route: Route): Promise<void> {
    const people = await strangers();
    const before = await whole();
    for (const [who, headers] of Object.entries(people)) {
      const answer = await ask(route, headers);
      if (isOpen) expect(answer.status, who).toBe(EXAMPLES[key]?.status);
      else if (isHub) {
        const [, { detail, reason }] = UNAUTHENTICATED;
        expect(seen(answer), who).toEqual([401, { error: detail, detail, reason }]);
      } else expect(seen(answer), who).toEqual(UNAUTHENTICATED);
    }
    // An open route may write: a session, the audit of a download.
    if (!isOpen) expect(await whole()).toEqual(before);
  }

  /** Whoever may do everything else. */
  async function expectRefusal(route: Route): Promise<void> {
    // A machine may not manage tokens, not even its own.
    const wrong =
      route.required === "session"
        ? await holds("token", "bob", { granted: allBut() })
        : await holds("session", await addUser("wendy", allBut(route.required ?? "")));
    const before = await whole();
    const answer = await ask(route, wrong);
    expect(answer.status).toBe(isHub ? 403 : 401);
    expect((answer.json as { detail: string }).detail).toMatch(/^You do not have permission to [a-z ]+\.$/);
    expect(await whole()).toEqual(before);
  }

  /** Whoever may do just this. */
  async function expectAnswer({ key: _, required = "admin", ...route }: Route): Promise<void> {
    const right =
      required === "session"
        ? await holds("session", "ada")
        : await holds("token", await addUser("eve", [required]), { granted: SCOPES });
    const answer = await ask({ key, ...route }, right);
    expect(answer.status, answer.text).toBe(EXAMPLES[key]?.status);
  }

  async function expectAdministrator(route: Route): Promise<void> {
    const answer = await ask(route, await holds("session", null), EXAMPLES[key]?.adminPath);
    expect(answer.status, answer.text).toBe(EXAMPLES[key]?.status);
  }

  if (isOpen) {
    it("answers everybody, whatever they bring", () => expectNobody(findRoute(key)));
  } else if (key.startsWith("get ")) {
    it("answers whoever may do just this, and administrators; nobody else, and changes nothing for them", async () => {
      const route = findRoute(key);
      for (const expectation of [expectNobody, expectRefusal, expectAnswer, expectAdministrator]) {
        await expectation(route);
      }
    });
  } else {
    it("answers no stranger, and nobody who may do everything else; and changes nothing for them", async () => {
      await expectNobody(findRoute(key));
      await expectRefusal(findRoute(key));
    });

    it("answers whoever may do just this", () => expectAnswer(findRoute(key)));

    it("answers an administrator", () => expectAdministrator(findRoute(key)));
  }
});
