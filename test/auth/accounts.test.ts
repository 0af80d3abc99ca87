/** Users, sessions and tokens, as their holders see them. Contract: PUT /authenticate. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { PBKDF2_ITERATIONS } from "../../src/limits.ts";
import { addUser, allBut, closedRegistry, credentials, headersOf, issued, logIn, OWNER } from "../accounts.ts";
import { createRegistry, rows } from "../harness.ts";
import { artifactIn, refusal, seen, source, UNAUTHENTICATED } from "../routes/answers.ts";

const closed = closedRegistry();
const PASSWORD = "a password of hers";
const INVALID = refusal(401, "The user or password is invalid.");
const OPEN = refusal(501, "This system does not support authentication.");

const asOwner = () => logIn(closed, OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
const list = (headers: Record<string, string>, of = closed) => of.call("POST", "/artifacts", [], headers);

async function register(owner: Record<string, string>, more: Record<string, unknown> = {}) {
  return closed.call("POST", "/users", { name: "ada", password: PASSWORD, ...more }, owner);
}

describe("PUT /authenticate", () => {
  it("gives the first administrator a token that works in both headers, however the scheme is spelled", async () => {
    const answer = await closed.call("PUT", "/authenticate", credentials(OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD));
    expect(seen(answer)).toEqual([200, expect.stringMatching(/^bearer hf_tmr_s[0-9a-f]{16}_[\w-]{43}$/)]);
    const token = (answer.json as string).slice("bearer ".length);
    for (const [header, scheme] of [
      ["X-Authorization", "bearer"],
      ["X-Authorization", "BEARER"],
      ["Authorization", "Bearer"],
      ["authorization", "bearer "],
    ] as const) {
      expect((await list({ [header]: `${scheme} ${token}` })).status, header + scheme).toBe(200);
    }
  });

  it.each([
    ["a wrong password", OWNER.ADMIN_USER, "correct horse battery stapl"],
    ["a longer password", OWNER.ADMIN_USER, `${OWNER.ADMIN_PASSWORD} `],
    ["somebody unknown", "mallory", OWNER.ADMIN_PASSWORD],
    ["another spelling of the name", "Root", OWNER.ADMIN_PASSWORD],
    ["a name that tries its luck", "' OR 1=1 --", "' OR 1=1 --"],
  ])("refuses %s, in the same words", async (_, name, password) => {
    expect(seen(await closed.call("PUT", "/authenticate", credentials(name, password)))).toEqual(INVALID);
    expect(await rows("SELECT * FROM tokens")).toEqual([]);
  });

  it("does the same work for whoever does not exist as for whoever does", async () => {
    await register(await asOwner());
    const derive = vi.spyOn(crypto.subtle, "deriveBits");
    for (const name of ["ada", "nobody-here", OWNER.ADMIN_USER]) {
      derive.mockClear();
      await closed.call("PUT", "/authenticate", credentials(name, "not the password"));
      expect(derive.mock.calls.map(([algorithm]) => (algorithm as { iterations: number }).iterations)).toEqual([
        PBKDF2_ITERATIONS,
      ]);
    }
  });

  it.each([
    ["nothing", undefined],
    ["no JSON", "not JSON"],
    ["no secret", { user: { name: "root", is_admin: true } }],
    ["no is_admin", { user: { name: "root" }, secret: { password: "x" } }],
    ["a password that is a list", { user: { name: "root", is_admin: true }, secret: { password: ["x"] } }],
    ["an endless password", credentials("root", "x".repeat(1025))],
    ["an empty one", credentials("root", "")],
  ])("says 400 to %s", async (_, body) => {
    const { status, json } = await closed.call("PUT", "/authenticate", body);
    expect([status, Object.keys(json as object)]).toEqual([400, ["detail"]]);
  });

  it("makes nobody an administrator who says so", async () => {
    await register(await asOwner());
    const body = { user: { name: "ada", is_admin: true }, secret: { password: PASSWORD } };
    const answer = await closed.call("PUT", "/authenticate", body);
    const headers = { "X-Authorization": answer.json as string };
    expect((await closed.call("GET", "/users", undefined, headers)).status).toBe(401);
  });

  it("keeps neither a password nor a token where it could be read", async () => {
    const owner = await asOwner();
    await register(owner);
    const token = await logIn(closed, "ada", PASSWORD);
    const kept = JSON.stringify([await rows("SELECT * FROM users"), await rows("SELECT * FROM tokens")]);
    for (const secret of [PASSWORD, OWNER.ADMIN_PASSWORD, owner, token]) {
      const text = typeof secret === "string" ? secret : (secret["X-Authorization"] ?? "").slice(-43);
      expect(kept).not.toContain(text);
    }
  });

  it.each([
    ["changed", "PATCH", { password: "another password of hers" }],
    ["removed and registered anew", "DELETE", undefined],
  ])("opens no session by a password that was %s while it was looked at", async (_, method, body) => {
    const owner = await asOwner();
    await register(owner);
    // the user is read, then everything happens, then the session is written
    const native = env.DB.withSession.bind(env.DB);
    const withSession = (constraint?: string) => {
      const session = native(constraint);
      const batch = async (statements: D1PreparedStatement[]) => {
        expect((await closed.call(method, "/users/ada", body, owner)).status).toBe(200);
        if (method === "DELETE") await register(owner, { password: "another password of hers" });
        return session.batch(statements);
      };
      return { prepare: session.prepare.bind(session), batch, getBookmark: () => null };
    };
    const DB = {
      prepare: env.DB.prepare.bind(env.DB),
      batch: withSession().batch,
      withSession,
    } as unknown as D1Database;
    const slow = closedRegistry({ DB });
    expect(seen(await slow.call("PUT", "/authenticate", credentials("ada", PASSWORD)))).toEqual(INVALID);
    expect(await rows("SELECT id FROM tokens WHERE user = 'ada'")).toEqual([]);
    expect((await logIn(closed, "ada", "another password of hers"))["X-Authorization"]).toContain("bearer");
  });

  it("clears a user's expired sessions away when a new one is opened", async () => {
    await issued("session", null, { expires_at: Date.now() - 1 });
    await asOwner();
    expect(await rows("SELECT count(*) AS n FROM tokens")).toEqual([{ n: 1 }]);
  });
});

describe("the first administrator's secret", () => {
  it("once changed, kills the old password and every token that it made", async () => {
    const before = await asOwner();
    const machine = await closed.call("POST", "/tokens", { name: "ci", scopes: ["artifact:read"] }, before);
    const ci = { "X-Authorization": `bearer ${(machine.json as { token: string }).token}` };
    expect((await list(ci)).status).toBe(200);

    const changed = closedRegistry({ ADMIN_PASSWORD: "another password altogether" });
    expect(seen(await list(before, changed))).toEqual(UNAUTHENTICATED);
    expect(seen(await list(ci, changed))).toEqual(UNAUTHENTICATED);
    const old = credentials(OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
    expect(seen(await changed.call("PUT", "/authenticate", old))).toEqual(INVALID);
    const now = await logIn(changed, OWNER.ADMIN_USER, "another password altogether");
    expect((await list(now, changed)).status).toBe(200);
  });

  it("once gone, leaves nobody in", async () => {
    const before = await asOwner();
    await register(before);
    const ada = await logIn(closed, "ada", PASSWORD);
    const without = createRegistry({ AUTH: "required", ADMIN_PASSWORD: "" });
    for (const headers of [before, ada]) expect(seen(await list(headers, without))).toEqual(UNAUTHENTICATED);
    expect(seen(await without.call("PUT", "/authenticate", credentials("ada", PASSWORD)))).toEqual(UNAUTHENTICATED);
  });

  it("shuts out who was registered under its name before", async () => {
    await register(await asOwner());
    const ada = await logIn(closed, "ada", PASSWORD);
    const taken = closedRegistry({ ADMIN_USER: "ada" });
    expect(seen(await list(ada, taken))).toEqual(UNAUTHENTICATED);
    expect(seen(await taken.call("PUT", "/authenticate", credentials("ada", PASSWORD)))).toEqual(INVALID);
  });

  it("is refused as a setting when it is short, and its name when it cannot be one", async () => {
    for (const bad of [
      { ADMIN_PASSWORD: "too short" },
      { ADMIN_USER: "a b" },
      { ADMIN_USER: "cron" },
      { ADMIN_USER: "Cron" },
    ]) {
      expect((await closedRegistry(bad).call("GET", "/health")).status).toBe(500);
    }
    expect((await closedRegistry({ ADMIN_PASSWORD: `${OWNER.ADMIN_PASSWORD}\n` }).call("GET", "/health")).status).toBe(
      200,
    );
  });
});

describe("a user", () => {
  it("may read, search and download unless told otherwise, and change nothing", async () => {
    const owner = await asOwner();
    const answer = await register(owner);
    expect(seen(answer)).toEqual([
      201,
      {
        name: "ada",
        is_admin: false,
        scopes: ["artifact:read", "artifact:download", "search"],
        created_at: expect.any(String),
        created_by: "root",
      },
    ]);
    await closed.call("POST", "/artifact/code", { url: source("x"), name: "x" }, owner);
    const ada = await logIn(closed, "ada", PASSWORD);
    const read = await closed.call("GET", "/artifacts/code/1", undefined, ada);
    expect(artifactIn(read).data.download_url).toContain("signature=");
    expect(seen(await closed.call("DELETE", "/artifacts/code/1", undefined, ada))).toEqual(
      refusal(401, "You do not have permission to delete artifacts."),
    );
  });

  it("is given no download link without the scope to download: the link is the permission", async () => {
    await closed.call("POST", "/artifact/code", { url: source("x"), name: "x" }, await asOwner());
    const reader = headersOf(
      await issued("token", await addUser("eve", ["artifact:read"]), { granted: ["artifact:read"] }),
    );
    const read = await closed.call("GET", "/artifacts/code/1", undefined, reader);
    expect([read.status, Object.keys(artifactIn(read).data)]).toEqual([200, ["url"]]);
  });

  it.each([
    ["an empty name", { name: "" }],
    ["a name with a blank", { name: "a b" }],
    ["a name with a line break", { name: "a\nb" }],
    ["a name that another kind of actor has", { name: "cron" }],
    ["such a name in another case", { name: "Nobody" }],
    ["such a name in capitals", { name: "ANONYMOUS" }],
    ["such a name, half of it", { name: "linK" }],
    ["a name with a blank after it", { name: "ada " }],
    ["a name with a line break after it", { name: "ada\n" }],
    ["a name with letters of another width", { name: "ａｄｍｉｎ" }],
    ["a name with a letter that folds to another one", { name: "\u212Aim" }],
    ["a name with a letter without a dot", { name: "l\u0131nk" }],
    ["a name with a combining mark", { name: "ada\u0301" }],
    ["a name with something invisible", { name: "ada\u200b" }],
    ["a name as Cloudflare Access gives", { name: "access:ada" }],
    ["a name of 65 characters", { name: "a".repeat(65) }],
    ["a name that is a list", { name: ["ada"] }],
    ["a short password", { password: "elevenchars" }],
    ["an endless password", { password: "x".repeat(1025) }],
    ["a scope that does not exist", { scopes: ["artifact:everything"] }],
  ])("cannot be registered with %s", async (_, more) => {
    expect((await register(await asOwner(), more)).status).toBe(400);
    expect(await rows("SELECT * FROM users")).toEqual([]);
  });

  it("is made an administrator by the key for that alone, not by one on the prototype", async () => {
    const owner = await asOwner();
    const sent = `{"__proto__":{"is_admin":true,"scopes":["admin"]},"constructor":{"prototype":{"is_admin":true}},
      "name":"ada","password":"${PASSWORD}"}`;
    expect((await closed.call("POST", "/users", sent, owner)).json).toMatchObject({ name: "ada", is_admin: false });
    expect(({} as Record<string, unknown>)["is_admin"]).toBeUndefined();
    const bare = `{"__proto__":{"name":"bob","password":"${PASSWORD}"}}`;
    expect((await closed.call("POST", "/users", bare, owner)).status).toBe(400);
  });

  it("is registered once, and never under the first administrator's name", async () => {
    const owner = await asOwner();
    await register(owner);
    expect(seen(await register(owner, { is_admin: true }))).toEqual(refusal(409, "User exists already."));
    expect(seen(await register(owner, { name: OWNER.ADMIN_USER }))).toEqual(
      refusal(409, "This user is set by the secrets of the deployment."),
    );
    expect(await rows("SELECT name, scopes FROM users")).toEqual([
      { name: "ada", scopes: '["artifact:read","artifact:download","search"]' },
    ]);
  });

  it("has a name that differs from all others by more than case", async () => {
    const owner = await asOwner();
    await register(owner);
    for (const name of ["Ada", "ADA", "aDa"]) {
      expect(seen(await register(owner, { name }))).toEqual(refusal(409, "User exists already."));
    }
    for (const name of ["Root", "ROOT"]) {
      expect(seen(await register(owner, { name }))).toEqual(
        refusal(409, "This user is set by the secrets of the deployment."),
      );
    }
    const both = await Promise.all(["Eve", "eve", "EVE"].map((name) => register(owner, { name })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    expect(await rows("SELECT count(*) AS n FROM users")).toEqual([{ n: 2 }]);
    expect(await rows("SELECT count(*) AS n FROM audit WHERE action = 'CREATE' AND type = 'user'")).toEqual([{ n: 2 }]);
  });

  it("who was registered before under a reserved name in another case can be changed and removed", async () => {
    const owner = await asOwner();
    await addUser("Nobody", ["search"]);
    await addUser("Root", ["search"]);
    for (const name of ["Nobody", "Root"]) {
      const changed = await closed.call("PATCH", `/users/${name}`, { scopes: ["artifact:read"] }, owner);
      expect([changed.status, changed.json]).toMatchObject([200, { name, scopes: ["artifact:read"] }]);
      expect((await closed.call("DELETE", `/users/${name}`, undefined, owner)).status).toBe(200);
    }
  });

  it("who is an administrator registers and removes others, but not the first one", async () => {
    const owner = await asOwner();
    await register(owner, { is_admin: true });
    const ada = await logIn(closed, "ada", PASSWORD);
    expect((await closed.call("POST", "/users", { name: "bob", password: PASSWORD }, ada)).status).toBe(201);
    const users = (await closed.call("GET", "/users", undefined, ada)).json as { name: string; is_admin: boolean }[];
    expect(users.map(({ name, is_admin }) => [name, is_admin])).toEqual([
      ["ada", true],
      ["bob", false],
    ]);
    expect(seen(await closed.call("DELETE", "/users/bob", undefined, ada))).toEqual([
      200,
      { status: "removed", name: "bob" },
    ]);
    expect(seen(await closed.call("DELETE", "/users/bob", undefined, ada))).toEqual(
      refusal(404, "User does not exist."),
    );
    expect((await closed.call("DELETE", "/users/root", undefined, ada)).status).toBe(409);
  });

  it("who is removed is out with every token at once, and may remove themself and nobody else", async () => {
    await register(await asOwner(), { scopes: ["artifact:read"] });
    await addUser("bob", allBut());
    const ada = await logIn(closed, "ada", PASSWORD);
    const made = await closed.call("POST", "/tokens", { name: "ci", scopes: ["artifact:read"] }, ada);
    const ci = { Authorization: `Bearer ${(made.json as { token: string }).token}` };
    expect([(await list(ada)).status, (await list(ci)).status]).toEqual([200, 200]);
    expect(seen(await closed.call("DELETE", "/users/bob", undefined, ada))).toEqual(
      refusal(401, "You do not have permission to administer the registry."),
    );
    expect((await closed.call("DELETE", "/users/ada", undefined, ada)).status).toBe(200);
    expect([seen(await list(ada)), seen(await list(ci))]).toEqual([UNAUTHENTICATED, UNAUTHENTICATED]);
    expect(await rows("SELECT id FROM tokens WHERE user = 'ada'")).toEqual([]);
    // and under the same name somebody else begins with nothing
    await register(await asOwner());
    expect([seen(await list(ada)), seen(await list(ci))]).toEqual([UNAUTHENTICATED, UNAUTHENTICATED]);
  });

  it("changes their own password, by the present one, and every session ends; tokens for machines go on", async () => {
    await register(await asOwner());
    const [ada, other] = [await logIn(closed, "ada", PASSWORD), await logIn(closed, "ada", PASSWORD)];
    const ci = headersOf(await issued("token", "ada", { granted: ["artifact:read"] }));
    const change = (body: object) => closed.call("PATCH", "/users/ada", body, ada);
    const wanted = { password: "another password of hers" };
    for (const current of [{}, { current_password: "" }, { current_password: "another password of hers" }]) {
      expect(seen(await change({ ...wanted, ...current }))).toEqual(INVALID);
    }
    expect((await change({ current_password: PASSWORD })).status).toBe(400);
    expect((await change({ password: "elevenchars", current_password: PASSWORD })).status).toBe(400);
    expect((await list(other)).status).toBe(200);

    const changed = await change({ ...wanted, current_password: PASSWORD });
    expect([changed.status, changed.json]).toMatchObject([200, { name: "ada", is_admin: false }]);
    expect([seen(await list(ada)), seen(await list(other))]).toEqual([UNAUTHENTICATED, UNAUTHENTICATED]);
    expect((await list(ci)).status).toBe(200);
    expect(seen(await closed.call("PUT", "/authenticate", credentials("ada", PASSWORD)))).toEqual(INVALID);
    expect((await list(await logIn(closed, "ada", wanted.password))).status).toBe(200);
  });

  it("gives nobody other scopes, themself least, unless they are an administrator; those hold from the next call", async () => {
    const owner = await asOwner();
    await register(owner);
    const ada = await logIn(closed, "ada", PASSWORD);
    const ci = headersOf(await issued("token", "ada", { granted: ["artifact:read"] }));
    const DENIED = refusal(401, "You do not have permission to administer the registry.");
    expect(seen(await closed.call("PATCH", "/users/ada", { scopes: ["admin"] }, ada))).toEqual(DENIED);
    await addUser("bob", ["search"]);
    expect(seen(await closed.call("PATCH", "/users/bob", { password: "a password for bob" }, ada))).toEqual(DENIED);

    const raised = await closed.call("PATCH", "/users/ada", { scopes: ["admin", "admin"] }, owner);
    expect([raised.status, raised.json]).toMatchObject([200, { is_admin: true, scopes: ["admin"] }]);
    expect((await closed.call("PATCH", "/users/bob", { password: "a password for bob" }, ada)).status).toBe(200);
    expect((await list(await logIn(closed, "bob", "a password for bob"))).status).toBe(401);
    expect((await closed.call("PATCH", "/users/ada", { scopes: ["search"] }, owner)).status).toBe(200);
    expect([(await list(ada)).status, (await list(ci)).status]).toEqual([401, 401]);
  });

  it("who is not there, or is set by the secrets, cannot be changed", async () => {
    const owner = await asOwner();
    const change = (name: string) => closed.call("PATCH", `/users/${name}`, { scopes: ["search"] }, owner);
    expect(seen(await change("ada"))).toEqual(refusal(404, "User does not exist."));
    expect((await change(OWNER.ADMIN_USER)).status).toBe(409);
  });

  it("list is paged by name", async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
       INSERT INTO users SELECT 'u' || (1000 + i), '[]', '', '', 1, 0, 'test' FROM n`,
    ).run();
    const owner = await asOwner();
    const first = await closed.call("GET", "/users", undefined, owner);
    expect([(first.json as unknown[]).length, first.headers.get("offset")]).toEqual([1000, "u2000"]);
    const second = await closed.call("GET", "/users?offset=u2000", undefined, owner);
    expect([(second.json as { name: string }[]).map(({ name }) => name), second.headers.get("offset")]).toEqual([
      ["u2001"],
      null,
    ]);
  });
});

describe("the audit", () => {
  it("has every change of users, tokens and sessions, who made it, and nothing that was refused", async () => {
    const owner = await asOwner();
    await register(owner);
    await register(owner);
    const ada = await logIn(closed, "ada", PASSWORD);
    await closed.call("PUT", "/authenticate", credentials("ada", "not the password"));
    const made = await closed.call("POST", "/tokens", { name: "ci", scopes: ["search"] }, ada);
    const { id } = made.json as { id: string };
    await closed.call("PATCH", "/users/ada", { password: "another password of hers" }, ada);
    await closed.call("PATCH", "/users/ada", { scopes: ["search"] }, owner);
    for (const _ of [1, 2]) await closed.call("DELETE", `/tokens/${id}`, undefined, ada);
    for (const _ of [1, 2]) await closed.call("DELETE", "/users/ada", undefined, owner);

    const { json } = await closed.call("GET", "/audit", undefined, owner);
    const entries = json as { user: object; action: string; account: { kind: string; name: string } }[];
    const [root, hers] = [
      { name: "root", is_admin: true },
      { name: "ada", is_admin: false },
    ];
    const session = { kind: "session", name: expect.stringMatching(/^s[0-9a-f]{16}$/) };
    const user = { kind: "user", name: "ada" };
    expect(entries.map(({ user: by, action, account }) => [by, action, account])).toEqual([
      [root, "CREATE", session],
      [root, "CREATE", user],
      [hers, "CREATE", session],
      [hers, "CREATE", { kind: "token", name: id }],
      [root, "UPDATE", user],
      [hers, "DELETE", { kind: "token", name: id }],
      [root, "DELETE", user],
    ]);
  });
});

describe("a token", () => {
  it("is shown once, does what it was given and no more, and is dead when revoked", async () => {
    const owner = await asOwner();
    const made = await closed.call("POST", "/tokens", { name: "nightly", scopes: ["artifact:read"] }, owner);
    const { token, ...told } = made.json as { token: string; id: string };
    expect([made.status, told]).toEqual([
      201,
      {
        id: expect.stringMatching(/^t[0-9a-f]{16}$/),
        kind: "token",
        name: "nightly",
        scopes: ["artifact:read"],
        created_at: expect.any(String),
      },
    ]);
    const ci = { "X-Authorization": `bearer ${token}` };
    expect((await list(ci)).status).toBe(200);
    expect((await closed.call("POST", "/artifact/code", { url: source("x") }, ci)).status).toBe(401);

    const listed = await closed.call("GET", "/tokens", undefined, owner);
    expect(listed.text).not.toContain(token.slice(-43));
    expect((listed.json as { kind: string }[]).map(({ kind }) => kind).toSorted()).toEqual(["session", "token"]);

    expect((await closed.call("DELETE", `/tokens/${told.id}`, undefined, owner)).status).toBe(200);
    expect(seen(await list(ci))).toEqual(UNAUTHENTICATED);
    expect(seen(await closed.call("DELETE", `/tokens/${told.id}`, undefined, owner))).toEqual(
      refusal(404, "Token does not exist."),
    );
  });

  it("cannot be given what its user does not have, and has no more than its user", async () => {
    const eve = headersOf(await issued("session", await addUser("eve", ["artifact:read"])));
    for (const scope of ["artifact:delete", "admin"]) {
      const answer = await closed.call("POST", "/tokens", { name: "x", scopes: ["artifact:read", scope] }, eve);
      expect(answer.status).toBe(401);
    }
    const forged = headersOf(await issued("token", "eve", { granted: ["artifact:read", "admin"] }));
    expect((await list(forged)).status).toBe(200);
    expect((await closed.call("DELETE", "/reset", undefined, forged)).status).toBe(401);
  });

  it("expires when it was to, which lies ahead", async () => {
    const owner = await asOwner();
    const wanted = (expires_at: string) => ({ name: "x", scopes: ["search"], expires_at });
    expect((await closed.call("POST", "/tokens", wanted("2020-01-01T00:00:00Z"), owner)).status).toBe(400);
    expect((await closed.call("POST", "/tokens", wanted("tomorrow"), owner)).status).toBe(400);
    const made = await closed.call("POST", "/tokens", wanted("2099-01-01T00:00:00Z"), owner);
    expect(made.json).toMatchObject({ expires_at: "2099-01-01T00:00:00.000Z" });
  });

  it("of somebody else is an administrator's to see and revoke, and nobody else's", async () => {
    await addUser("ada", ["artifact:read"]);
    const eve = headersOf(await issued("session", await addUser("eve", allBut())));
    const ci = await issued("token", "ada", { granted: ["artifact:read"] });
    expect((await closed.call("GET", "/tokens?user=ada", undefined, eve)).status).toBe(401);
    expect((await closed.call("DELETE", `/tokens/${ci.id}`, undefined, eve)).status).toBe(404);
    const owner = await asOwner();
    const seenByOwner = await closed.call("GET", "/tokens?user=ada", undefined, owner);
    expect((seenByOwner.json as { id: string }[]).map(({ id }) => id)).toEqual([ci.id]);
    expect((await closed.call("DELETE", `/tokens/${ci.id}`, undefined, owner)).status).toBe(200);
    expect(seen(await list(headersOf(ci)))).toEqual(UNAUTHENTICATED);
  });

  it("is one of a hundred at the most", async () => {
    await addUser("ada", ["search"]);
    const ada = headersOf(await issued("session", "ada"));
    for (let made = 0; made < 100; made += 1) await issued("token", "ada", { granted: ["search"] });
    expect(seen(await closed.call("POST", "/tokens", { name: "x", scopes: ["search"] }, ada))).toEqual(
      refusal(409, "The user has too many tokens."),
    );
    expect(await rows("SELECT count(*) AS n FROM tokens WHERE label IS NOT NULL")).toEqual([{ n: 100 }]);
  });

  it.each([
    ["no name", { scopes: ["search"] }],
    ["a name with a line break", { name: "a\nb", scopes: ["search"] }],
    ["no scopes", { name: "x", scopes: [] }],
    ["scopes that are no list", { name: "x", scopes: "search" }],
    ["the session's own right", { name: "x", scopes: ["session"] }],
  ])("cannot be made with %s", async (_, body) => {
    expect((await closed.call("POST", "/tokens", body, await asOwner())).status).toBe(400);
  });
});

describe("where AUTH is off", () => {
  it.each([
    ["PUT", "/authenticate"],
    ["POST", "/tokens"],
    ["GET", "/tokens"],
    ["DELETE", "/tokens/s0123456789abcdef"],
    ["POST", "/users"],
    ["GET", "/users"],
    ["DELETE", "/users/ada"],
  ])("%s %s is not supported, whatever is sent", async (method, path) => {
    const open = createRegistry(OWNER);
    const hasBody = method !== "GET" && method !== "DELETE";
    for (const body of hasBody ? [{}, "not JSON", credentials("root", OWNER.ADMIN_PASSWORD)] : [undefined]) {
      expect(seen(await open.call(method, path, body))).toEqual(OPEN);
    }
  });
});

describe("DELETE /reset of a closed registry", () => {
  it("wants to be told how many artifacts there are, and says it to whoever may read", async () => {
    const owner = await asOwner();
    for (const name of ["a", "b"]) await closed.call("POST", "/artifact/code", { url: source(name) }, owner);
    const said = refusal(409, "A reset must be confirmed: repeat it with ?confirm=2");
    for (const query of ["", "?confirm=1", "?confirm=3"]) {
      expect(seen(await closed.call("DELETE", `/reset${query}`, undefined, owner))).toEqual(said);
    }
    for (const query of ["?confirm=", "?confirm=two", "?confirm=-2", "?confirm=2.0"]) {
      expect((await closed.call("DELETE", `/reset${query}`, undefined, owner)).status).toBe(400);
    }
    const blind = headersOf(await issued("session", await addUser("eve", ["registry:reset"])));
    expect(seen(await closed.call("DELETE", "/reset?confirm=9", undefined, blind))).toEqual(
      refusal(409, "A reset must be confirmed: repeat it with ?confirm=<number of artifacts>"),
    );
    expect(await rows("SELECT count(*) AS n FROM artifacts")).toEqual([{ n: 2 }]);
    expect(seen(await closed.call("DELETE", "/reset?confirm=2", undefined, blind))).toEqual([
      200,
      { status: "registry reset" },
    ]);
    expect(await rows("SELECT count(*) AS n FROM artifacts")).toEqual([{ n: 0 }]);
  });
});
