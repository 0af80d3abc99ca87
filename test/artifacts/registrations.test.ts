/** GET /registrations/{id}: what became of a registration that was answered before it was done, whatever failed. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { closedRegistry, headersOf, issued } from "../accounts.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, rows, unfinishedWork } from "../harness.ts";
import { refusal, seen, source } from "../routes/answers.ts";

const registry = createRegistry();
const LATER = { Prefer: "respond-async" };
const BERT = "google-bert/bert-base-uncased";
const HOUR = 3_600_000;
const NONE = refusal(404, "Registration does not exist.");
const INTERRUPTED = {
  code: "registration_interrupted",
  status: 500,
  detail: "The registration was interrupted before it was done: register again.",
};

const begin = (url: string, type = "model", of = registry) => of.call("POST", `/artifact/${type}`, { url }, LATER);
const get = (id = "1", of = registry) => of.call("GET", `/registrations/${id}`);
interface Registration {
  state: string;
  step: string;
  refusal?: { code: string; status: number; detail: string; [more: string]: unknown };
}
const registrationOf = async (id = "1") => (await get(id)).json as Registration;

describe("a registration that was answered before it was done", () => {
  it("says that it is registered once it is", async () => {
    const answer = await begin(BERT);
    expect([answer.status, answer.headers.get("Location")]).toEqual([202, "/registrations/1"]);
    expect(seen(await get())).toEqual([
      200,
      {
        id: "1",
        type: "model",
        name: "bert-base-uncased",
        url: BERT,
        state: "registered",
        step: "store",
        started_at: expect.stringMatching(/^\d{4}-.*Z$/),
        since: expect.stringMatching(/^\d{4}-.*Z$/),
        requested_by: "anonymous",
      },
    ]);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("says at which step it is while it runs", async () => {
    const answer = begin("hostile/silent");
    for (let asked = 0; asked < 50 && (await rows("SELECT id FROM registrations")).length === 0; asked += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await registrationOf()).toMatchObject({ state: "running", step: "fetch" });
    expect((await registrationOf()).refusal).toBeUndefined();
    expect((await answer).status).toBe(202);
    expect(await registrationOf()).toMatchObject({ state: "failed", step: "fetch", refusal: { status: 502 } });
  });

  it.each([
    ["model", "acme-labs/does-not-exist", "fetch"],
    ["model", "acme-labs/sealed-gate", "fetch"],
    ["model", "hostile/broken", "fetch"],
    ["dataset", "https://huggingface.co/datasets/acme-labs/does-not-exist", "fetch"],
    ["model", "acme-labs/lonely", "rate"],
  ])("of the %s %s tells the refusal that it would have been answered with, and the step", async (type, url, step) => {
    const now = await registry.call("POST", `/artifact/${type}`, { url });
    expect((await begin(url, type)).status).toBe(202);
    const { state, refusal, ...more } = await registrationOf();
    expect([state, more.step]).toEqual(["failed", step]);
    const { code, status, ...body } = refusal ?? { code: "", status: 0 };
    expect([status, code]).toEqual([now.status, now.headers.get("X-Error-Code")]);
    expect({ ...body, evidence: undefined }).toEqual({ ...(now.json as object), evidence: undefined });
    expect((await registry.call("GET", `/artifacts/${type}/1`)).status).toBe(404);
    expect(await unfinishedWork()).toEqual([]);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("that could not be rated says so, where the same without waiting would be an artifact without a rating", async () => {
    await begin("hostile/readme-broken", "model", createRegistry({ INGEST_GATE: "{}" }));
    expect(await registrationOf()).toMatchObject({
      state: "failed",
      step: "rate",
      refusal: { code: "rating_failed", status: 500, detail: "Internal rating error." },
    });
  });

  it("that was overtaken by another of the same source names that one", async () => {
    const overtaken = begin("hostile/config-silent");
    for (let asked = 0; asked < 50 && (await rows("SELECT id FROM registrations")).length === 0; asked += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await env.DB.prepare(
      `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
       VALUES (90, 'model', 'config-silent', '', '', 'hostile/config-silent', 'x', 0, '', 90, 0, 0)`,
    ).run();
    await overtaken;
    expect((await registrationOf()).refusal).toMatchObject({ code: "already_exists", status: 409, id: "90" });
  });

  it("is forgotten with its artifact, and a day after it has ended", async () => {
    await begin(BERT);
    await begin("acme-labs/does-not-exist");
    expect((await registry.call("DELETE", "/artifacts/model/1")).status).toBe(200);
    expect(seen(await get("1"))).toEqual(NONE);
    await registry.sweep(Date.now() + 24 * HOUR);
    expect((await registrationOf("2")).state).toBe("failed");
    await registry.sweep(Date.now() + 25 * HOUR);
    expect(seen(await get("2"))).toEqual(NONE);
    expect(await rows("SELECT id FROM registrations")).toEqual([]);
  });

  it("is none for an id that was never issued, or whose registration was answered when it was done", async () => {
    await registry.register("code", source("a"));
    for (const id of ["1", "77", "007", "x-y"]) expect(seen(await get(id))).toEqual(NONE);
    expect((await get("a_b")).status).toBe(400);
  });

  it("is read with the scope to read, and no other", async () => {
    await begin(BERT);
    const closed = closedRegistry();
    for (const [scope, status] of [
      ["artifact:read", 200],
      ["artifact:write", 401],
    ] as const) {
      const headers = headersOf(await issued("token", null, { granted: [scope] }));
      expect((await closed.call("GET", "/registrations/1", undefined, headers)).status).toBe(status);
    }
    expect((await closed.call("GET", "/registrations/1")).status).toBe(403);
  });
});

describe("a gate refusal", () => {
  it("carries the failing metrics, with score, minimum and evidence", async () => {
    const strict = createRegistry({ INGEST_GATE: '{"reviewedness":0.5,"license":0.1}' });
    const answer = await strict.call("POST", "/artifact/model", { url: "acme-labs/lonely" });
    const body = answer.json as { detail: string; failing: { metric: string; score: number; least: number }[] };
    expect(answer.status).toBe(424);
    expect(body.failing.map(({ metric }) => metric)).toEqual(["reviewedness", "license"]);
    for (const { metric, score, least } of body.failing) {
      expect(score, metric).toBeLessThan(least);
      expect(body.detail).toContain(`${metric}=${score.toFixed(2)} < ${least.toFixed(2)}`);
      expect((answer.json as { evidence: Record<string, unknown> }).evidence[metric]).toMatchObject({
        available: true,
        score,
        inputs: expect.any(Object),
      });
    }
  });

  it("says of a metric that is not available why, and gives it no score", async () => {
    const strict = createRegistry({ INGEST_GATE: '{"ramp_up_time":0.5}' });
    const answer = await strict.call("POST", "/artifact/model", { url: "hostile/readme-broken" });
    expect(answer.status, answer.text).toBe(424);
    const [failing] = (answer.json as { failing: object[] }).failing;
    expect(failing).toEqual({ metric: "ramp_up_time", least: 0.5, reason: expect.stringMatching(/500/) });
  });
});

describe("a registration whose request dies", () => {
  const calls = 24;
  it.each(EVERY_WAY)("%j at any call is registered or failed soon after, and never runs for ever", async (way) => {
    const seenStates = new Set<string>();
    for (let call = 0; call < calls; call += 1) {
      await env.DB.batch([
        env.DB.prepare("DELETE FROM registrations"),
        env.DB.prepare("DELETE FROM uploads"),
        env.DB.prepare("DELETE FROM artifacts"),
        env.DB.prepare("DELETE FROM deletions"),
      ]);
      for (const { key } of (await env.BUCKET.list()).objects) await env.BUCKET.delete(key);
      const faulty = withFaults(env, { call, ...way });
      const dying = createRegistry(faulty.env);
      await dying.call("POST", "/artifact/code", { url: source(`${way.when}-${way.extent}-${call}`) }, LATER);
      await registry.sweep(Date.now() + 20 * 60_000);
      const after = await rows<{ id: number; state: string; refusal: string | null }>("SELECT * FROM registrations");
      for (const { id, state } of after) {
        expect(["registered", "failed"], `call ${call}`).toContain(state);
        seenStates.add(state);
        const answer = await registrationOf(String(id));
        const there = (await registry.call("GET", `/artifacts/code/${id}`)).status;
        expect([answer.state, there]).toEqual(state === "registered" ? ["registered", 200] : ["failed", 404]);
        if (state === "failed") expect(answer.refusal?.detail).toMatch(/\w/);
      }
      const broken = (await brokenInvariants()).filter((what) => !/audited/.test(what));
      expect(broken, `call ${call}`).toEqual([]);
    }
    expect(seenStates).toContain("failed");
  });

  it("says that it was interrupted", async () => {
    const dying = createRegistry(withFaults(env, { call: 4, when: "before", extent: "forever" }).env);
    await begin(source("x"), "code", dying);
    const [before] = await rows<{ state: string }>("SELECT state FROM registrations");
    expect(before).toEqual({ state: "running" });
    await registry.sweep(Date.now() + 5 * 60_000);
    expect((await registrationOf()).state).toBe("running");
    await registry.sweep(Date.now() + 11 * 60_000);
    expect(await registrationOf()).toMatchObject({ state: "failed", refusal: INTERRUPTED });
  });
});
