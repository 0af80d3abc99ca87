/** Cloudflare Access as a second way in: what its assertions must be, with keys of the test's own. */

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { closedRegistry, headersOf, issued } from "../accounts.ts";
import { createRegistry } from "../harness.ts";
import { refusal, seen, source, UNAUTHENTICATED } from "../routes/answers.ts";
import { answerWith, json } from "../sources/answers.ts";

const AUD = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";
let teams = 0;

/** A team that no test before has asked: keys are kept by team. */
function newTeam() {
  teams += 1;
  const issuer = `https://team-${teams}.cloudflareaccess.com`;
  const settings = { AUTH: "required", ACCESS_TEAM_DOMAIN: issuer.slice(8), ACCESS_AUD: AUD };
  return { issuer, certs: `${issuer}/cdn-cgi/access/certs`, registry: createRegistry(settings), settings };
}

interface Key {
  kid: string;
  private: CryptoKey;
  public: Record<string, unknown>;
}

async function newKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { kid, private: privateKey, public: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
}

let one: Key;
let other: Key;
beforeAll(async () => {
  [one, other] = await Promise.all([newKey("one"), newKey("other")]);
});

const seconds = () => Math.floor(Date.now() / 1000);
const good = (issuer: string): JWTPayload => ({
  iss: issuer,
  aud: [AUD],
  email: "ada@example.org",
  iat: seconds() - 10,
  nbf: seconds() - 10,
  exp: seconds() + 60,
  type: "app",
});

const sign = (claims: JWTPayload, key = one, head: { kid?: string; alg?: string } = { kid: key.kid }) =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", ...head }).sign(key.private);

const list = (registry: ReturnType<typeof createRegistry>, assertion: string, more = {}) =>
  registry.call("POST", "/artifacts", [], { "Cf-Access-Jwt-Assertion": assertion, ...more });

describe("an assertion of Cloudflare Access", () => {
  it("lets its holder read and search, and change nothing, by default; under a name that says whence it is", async () => {
    const { issuer, certs, registry } = newTeam();
    const asked = answerWith({ [certs]: json({ keys: [one.public, other.public] }) });
    const assertion = await sign(good(issuer));
    for (let call = 0; call < 3; call += 1) expect((await list(registry, assertion)).status).toBe(200);
    expect(asked.map(({ url }) => url)).toEqual([certs]);
    expect(asked[0]?.headers.has("authorization")).toBe(false);
    const headers = { "Cf-Access-Jwt-Assertion": assertion };
    expect(seen(await registry.call("POST", "/artifact/code", { url: source("x") }, headers))).toEqual(
      refusal(401, "You do not have permission to register or update artifacts."),
    );
  });

  it("lets its holder do what ACCESS_SCOPES says; deeds are the holder's, tokens they have none", async () => {
    const { issuer, certs, settings } = newTeam();
    answerWith({ [certs]: json({ keys: [one.public] }) });
    const registry = createRegistry({ ...settings, ACCESS_SCOPES: "admin" });
    const headers = { "Cf-Access-Jwt-Assertion": await sign(good(issuer)) };
    const body = { name: "bob", password: "a password of his" };
    const made = await registry.call("POST", "/users", body, headers);
    expect([made.status, made.json]).toEqual([201, expect.objectContaining({ created_by: "access:ada@example.org" })]);
    expect(seen(await registry.call("POST", "/tokens", { name: "x", scopes: ["search"] }, headers))).toEqual(
      refusal(401, "You do not have permission to hold tokens."),
    );
  });

  it("may be a service token's, which has a common name", async () => {
    const { issuer, certs, registry } = newTeam();
    answerWith({ [certs]: json({ keys: [one.public] }) });
    const { email: _, ...claims } = good(issuer);
    expect((await list(registry, await sign({ ...claims, common_name: "ci.access" }))).status).toBe(200);
    expect(seen(await list(registry, await sign({ ...claims, sub: "somebody" })))).toEqual(UNAUTHENTICATED);
    expect(seen(await list(registry, await sign({ ...claims, email: "a\nb" })))).toEqual(UNAUTHENTICATED);
  });

  const BAD: [string, (issuer: string) => Promise<string>][] = [
    ["of another application", (issuer) => sign({ ...good(issuer), aud: ["another"] })],
    ["of no application", (issuer) => sign({ ...good(issuer), aud: [] })],
    ["of another team", (issuer) => sign({ ...good(issuer), iss: "https://evil.cloudflareaccess.com" })],
    ["that has expired", (issuer) => sign({ ...good(issuer), exp: seconds() - 31 })],
    [
      "that never expires",
      (issuer) => {
        const { exp: _, ...claims } = good(issuer);
        return sign(claims);
      },
    ],
    ["that is not valid yet", (issuer) => sign({ ...good(issuer), nbf: seconds() + 120 })],
    ["signed by a stranger under a known id", (issuer) => sign(good(issuer), other, { kid: "one" })],
    ["signed by a stranger under an id of their own", (issuer) => sign(good(issuer), other)],
    ["that names no key", (issuer) => sign(good(issuer), one, {})],
    [
      "signed with the public key as if it were a shared one",
      (issuer) =>
        new SignJWT(good(issuer))
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .sign(new TextEncoder().encode(JSON.stringify(one.public))),
    ],
    [
      "signed in another way with the same key",
      async (issuer) => {
        const head = btoa('{"alg":"none","kid":"one"}').replace(/=+$/, "");
        const [, claims] = (await sign(good(issuer))).split(".");
        return `${head}.${claims}.`;
      },
    ],
    ["whose claims were changed", async (issuer) => (await sign(good(issuer))).replace(/\.(.{20})/, ".$1A")],
    ["cut short", async (issuer) => (await sign(good(issuer))).slice(0, -10)],
    ["that is none", async () => "not.an.assertion"],
    ["that is endless", async () => "x".repeat(20_000)],
    ["that is empty", async () => ""],
  ];
  it.each(BAD)("%s is refused", async (_, make) => {
    const { issuer, certs, registry } = newTeam();
    answerWith({ [certs]: json({ keys: [one.public] }) });
    expect(seen(await list(registry, await make(issuer)))).toEqual(UNAUTHENTICATED);
  });

  it("of a key that is new is believed after asking again, which no flood of made-up ids makes more often", async () => {
    const { issuer, certs, registry } = newTeam();
    let keys = [one.public];
    const asked = answerWith({ [certs]: () => json({ keys }) });
    expect((await list(registry, await sign(good(issuer)))).status).toBe(200);
    for (let tries = 0; tries < 5; tries += 1) {
      const made = await sign(good(issuer), other, { kid: `made-up-${tries}` });
      expect(seen(await list(registry, made))).toEqual(UNAUTHENTICATED);
    }
    expect(asked).toHaveLength(1);
    keys = [one.public, other.public];
    const later = Date.now() + 61_000;
    const now = vi.spyOn(Date, "now").mockReturnValue(later);
    const assertion = await sign({ ...good(issuer), exp: Math.floor(later / 1000) + 60 }, other);
    expect((await list(registry, assertion)).status).toBe(200);
    expect(asked).toHaveLength(2);
    now.mockRestore();
  });

  it("of a made-up key causes one question a minute, also while the team does not answer or many come at once", async () => {
    const { issuer, certs, registry } = newTeam();
    let answer = () => json({ keys: [one.public] });
    const asked = answerWith({ [certs]: () => answer() });
    expect((await list(registry, await sign(good(issuer)))).status).toBe(200);
    const later = Date.now() + 61_000;
    const now = vi.spyOn(Date, "now").mockReturnValue(later);
    answer = () => new Response("down", { status: 503 });
    const claims = { ...good(issuer), exp: Math.floor(later / 1000) + 60 };
    const made = await Promise.all(Array.from({ length: 5 }, (_, n) => sign(claims, other, { kid: `made-up-${n}` })));
    for (const flood of [made.slice(0, 3), made.slice(3)]) {
      const answers = await Promise.all(flood.map((assertion) => list(registry, assertion)));
      expect(answers.map(seen)).toEqual(flood.map(() => UNAUTHENTICATED));
    }
    expect(asked).toHaveLength(2);
    // the keys that are known are good for those whose they are
    expect((await list(registry, await sign(claims))).status).toBe(200);
    now.mockRestore();
  });

  it("is verified with one question for all who come before it is answered", async () => {
    const { issuer, certs, registry } = newTeam();
    const asked = answerWith({ [certs]: () => json({ keys: [one.public] }) });
    const assertion = await sign(good(issuer));
    const answers = await Promise.all(Array.from({ length: 5 }, () => list(registry, assertion)));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(asked).toHaveLength(1);
  });

  it("cannot be verified when the keys cannot be had, which is nobody's fault here, and is asked once a minute", async () => {
    const { issuer, certs, registry } = newTeam();
    const asked = answerWith({ [certs]: new Response("down", { status: 503 }) });
    const reason = expect.stringMatching(/cloudflareaccess\.com/);
    const unavailable = [502, { detail: "Unable to fetch the keys of Cloudflare Access.", reason }];
    const assertion = await sign(good(issuer));
    for (let tries = 0; tries < 3; tries += 1) expect(seen(await list(registry, assertion))).toEqual(unavailable);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["no JSON", () => new Response("<html>")],
    ["no keys", () => json({ keys: "none" })],
    ["too much", () => new Response("x".repeat(70_000))],
    ["a redirect elsewhere", () => new Response(null, { status: 302, headers: { Location: "https://evil.example/" } })],
  ])("cannot be verified with %s in place of keys", async (_, answer) => {
    const { issuer, certs, registry } = newTeam();
    const asked = answerWith({ [certs]: answer });
    expect((await list(registry, await sign(good(issuer)))).status).toBe(502);
    expect(asked.map(({ url }) => url)).toEqual([certs]);
  });

  it("goes behind a token: whoever sends one is who it says", async () => {
    const { issuer, certs, settings } = newTeam();
    answerWith({ [certs]: json({ keys: [one.public] }) });
    const registry = closedRegistry(settings);
    const assertion = await sign(good(issuer));
    const owner = headersOf(await issued("session", null));
    expect(
      (await registry.call("GET", "/users", undefined, { ...owner, "Cf-Access-Jwt-Assertion": assertion })).status,
    ).toBe(200);
    expect(seen(await list(registry, assertion, { "X-Authorization": "bearer bad" }))).toEqual(UNAUTHENTICATED);
  });

  it("is not believed where only one half of the settings is there: that is a mistake", async () => {
    for (const bad of [
      { ACCESS_AUD: AUD },
      { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com" },
      { ACCESS_TEAM_DOMAIN: "evil.example", ACCESS_AUD: AUD },
      { ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com", ACCESS_AUD: AUD, ACCESS_SCOPES: "everything" },
    ]) {
      expect((await createRegistry({ AUTH: "required", ...bad }).call("GET", "/health")).status).toBe(500);
    }
  });
});
