/**
 * The protocol under faults. For every call that a write makes to the database or the bucket, that call fails (before or
 * after it took effect; alone, or with everything after it as in a crash), and then the client repeats its request, or the
 * sweep comes, or both. At every moment the invariants hold, and in the end nothing is owed.
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";

const healthy = createRegistry();
const RECOVERIES = ["retry", "sweep", "both"] as const;
/** Later than any upload or back-off waits. */
const MUCH_LATER = () => Date.now() + 24 * 3_600_000;

interface Scenario {
  /** Prepares the world for one run, through the healthy registry. */
  prepare(): Promise<Request_>;
  /** The statuses that the faulty request may answer. */
  answers: number[];
  /** What must be true in the end, beside the invariants. `repeated`: the client has repeated its request. */
  finally(request: Request_, repeated: number | undefined, first: number): Promise<string[]>;
}
interface Request_ {
  method: string;
  path: string;
  body?: unknown;
  ids: string[];
}

let serial = 0;
/** A source that no upstream answers for: what is tested here is what happens behind it. */
const someSource = () => {
  serial += 1;
  return `https://files.example.org/crash/item-${serial}.tar`;
};
const registerSome = async (count: number) => {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await healthy.register("code", someSource()));
  return ids;
};
const artifactsOf = async (ids: string[]) =>
  (
    await rows(
      "SELECT id FROM artifacts WHERE id IN (SELECT value FROM json_each(?1))",
      JSON.stringify(ids.map(Number)),
    )
  ).length;

const SCENARIOS: Record<string, Scenario> = {
  delete: {
    async prepare() {
      const ids = await registerSome(1);
      return { method: "DELETE", path: `/artifacts/code/${ids[0]}`, ids };
    },
    answers: [200, 500],
    async finally({ ids }, repeated, first) {
      const left = await artifactsOf(ids);
      const wrong: string[] = [];
      if ((repeated !== undefined || first === 200) && left > 0) wrong.push("the artifact is still there");
      if (repeated !== undefined && first === 200 && repeated !== 404)
        wrong.push(`repeated after success: ${repeated}`);
      if (repeated !== undefined && ![200, 404].includes(repeated)) wrong.push(`repeated: ${repeated}`);
      return wrong;
    },
  },
  "bulk delete": {
    async prepare() {
      const ids = await registerSome(3);
      return { method: "POST", path: "/artifacts/delete", body: { ids: ids.map((id) => ({ type: "code", id })) }, ids };
    },
    answers: [200, 500],
    async finally({ ids }, repeated) {
      return repeated !== undefined && (await artifactsOf(ids)) > 0 ? ["an artifact is still there"] : [];
    },
  },
  reset: {
    async prepare() {
      const ids = await registerSome(3);
      return { method: "DELETE", path: "/reset", ids };
    },
    answers: [200, 500],
    async finally(_, repeated) {
      const wrong = [];
      if (repeated !== undefined && repeated !== 200) wrong.push(`repeated: ${repeated}`);
      if (repeated !== undefined && (await rows("SELECT id FROM artifacts")).length > 0) wrong.push("not empty");
      return wrong;
    },
  },
  register: {
    async prepare() {
      return { method: "POST", path: "/artifact/code", body: { url: someSource() }, ids: [] };
    },
    answers: [201, 500],
    async finally({ body }, repeated, first) {
      const wrong = [];
      const { url } = body as { url: string };
      const found = (await rows("SELECT id FROM artifacts WHERE url = ?1", url)).length;
      if (found > 1) wrong.push(`registered ${found} times`);
      if (first === 201 && found !== 1) wrong.push("answered 201 but is not there");
      if (repeated !== undefined && found !== 1) wrong.push("repeated but is not there");
      if (repeated !== undefined && repeated !== 201 && repeated !== 409) wrong.push(`repeated: ${repeated}`);
      return wrong;
    },
  },
  update: {
    async prepare() {
      const url = someSource();
      const id = await healthy.register("code", url, "kept");
      const metadata = { name: "kept", id, type: "code" };
      return {
        method: "PUT",
        path: `/artifacts/code/${id}`,
        body: { metadata, data: { url: someSource() } },
        ids: [id],
      };
    },
    answers: [200, 500],
    async finally({ ids, body }, repeated, first) {
      const wrong = [];
      const { data } = body as { data: { url: string } };
      const [row] = await rows<{ url: string }>("SELECT url FROM artifacts WHERE id = ?1", Number(ids[0]));
      if (!row) wrong.push("the artifact is gone");
      if ((first === 200 || repeated !== undefined) && row?.url !== data.url) wrong.push("the update did not hold");
      if (repeated !== undefined && repeated !== 200) wrong.push(`repeated: ${repeated}`);
      return wrong;
    },
  },
};

describe.each(Object.entries(SCENARIOS))("%s, with any one call failing", (_, scenario) => {
  it.each(EVERY_WAY)(
    "$when it took effect, $extent: is whole or finished by retry, by sweep, by both",
    async ({ when, extent }) => {
      const failures: string[] = [];
      let runs = 0;
      for (const recovery of RECOVERIES) {
        for (let call = 0, fired = true; fired; call += 1) {
          const request = await scenario.prepare();
          const faulty = withFaults(env, { call, when, extent });
          const first = await createRegistry(faulty.env).call(request.method, request.path, request.body);
          fired = faulty.calls() > call;
          runs += 1;
          const note = (problems: string[], moment: string) =>
            failures.push(
              ...problems.map((problem) => `call ${call} (${faulty.names[call]}), ${recovery}, ${moment}: ${problem}`),
            );

          if (!scenario.answers.includes(first.status)) note([`answered ${first.status}`], "at once");
          if (!fired && first.status >= 400) note([`no fault, yet ${first.status}`], "at once");
          note(await brokenInvariants(), "at once");

          if (recovery !== "retry") await healthy.sweep(MUCH_LATER());
          let repeated: number | undefined;
          if (recovery !== "sweep") {
            repeated = (await healthy.call(request.method, request.path, request.body)).status;
            if (extent === "forever" || when === "after") await healthy.sweep(MUCH_LATER());
          }
          note(await brokenInvariants(), "in the end");
          note(await unfinishedWork(), "still owed");
          note(await scenario.finally(request, repeated, first.status), "in the end");
        }
      }
      expect(failures).toEqual([]);
      // Each recovery saw every call fail, and one run in which none did.
      expect(runs).toBeGreaterThanOrEqual(3 * 3);
      expect(await objectKeys()).toHaveLength((await rows("SELECT id FROM artifacts")).length);
    },
  );
});

describe("a bucket that is down", () => {
  it("answers that the deletion did not finish, shows the artifact nowhere, and finishes on the same request again", async () => {
    const [id] = await registerSome(1);
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ });
    const answer = await createRegistry(down.env).call("DELETE", `/artifacts/code/${id}`);
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({
      detail: "Artifact deletion did not finish: repeat the request, or leave it to the sweep.",
    });
    expect((await healthy.call("GET", `/artifacts/code/${id}`)).status).toBe(404);
    expect((await healthy.call("POST", "/artifacts", [])).json).toEqual([]);
    expect((await healthy.call("GET", `/deletions/${id}`)).json).toMatchObject({ id, status: "open" });

    expect((await healthy.call("DELETE", `/artifacts/code/${id}`)).json).toEqual({ status: "deleted", id });
    expect(await objectKeys()).toEqual([]);
    expect((await healthy.call("DELETE", `/artifacts/code/${id}`)).status).toBe(404);
    expect((await healthy.call("GET", `/deletions/${id}`)).json).toMatchObject({ id, status: "finished" });
  });

  it("is waited for by the sweep, ever longer, and reported as stuck after twenty failures", async () => {
    const [id] = await registerSome(1);
    const down = createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ }).env);
    await down.call("DELETE", `/artifacts/code/${id}`);
    const attempts = async () => (await rows<{ attempts: number }>("SELECT attempts FROM deletions"))[0]?.attempts;
    expect(await attempts()).toBe(1);
    let at = Date.now();
    await down.sweep(at);
    expect(await attempts()).toBe(2);
    await down.sweep(at);
    expect(await attempts()).toBe(2);
    for (let failures = 3; failures <= 20; failures += 1) {
      at += 6 * 3_600_000 + 1;
      await down.sweep(at);
      expect(await attempts()).toBe(failures);
    }
    expect((await down.call("GET", "/health")).json).toMatchObject({
      status: "degraded",
      deletions: { open: 1, stuck: 1 },
    });
    await healthy.sweep(at + 24 * 3_600_000);
    expect(await unfinishedWork()).toEqual([]);
    expect((await down.call("GET", "/health")).json).toMatchObject({ status: "ok", deletions: { open: 0 } });
  });

  it("for one key alone does not keep the sweep from the others", async () => {
    const ids = await registerSome(3);
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ });
    for (const id of ids) await createRegistry(down.env).call("DELETE", `/artifacts/code/${id}`);
    const bad = `artifacts/code/${ids[1]}.zip`;
    const picky = {
      ...withFaults(env).env.BUCKET,
      delete: async (keys: string | string[]) => {
        if ([keys].flat().includes(bad)) throw new Error("injected for one key");
        await env.BUCKET.delete(keys);
      },
    } as unknown as R2Bucket;
    await createRegistry({ BUCKET: picky }).sweep();
    expect(await unfinishedWork()).toEqual([bad]);
    expect(await objectKeys()).toEqual([bad]);
  });
});

describe("a database that is down", () => {
  it("deletes nothing and says no more than that it failed", async () => {
    const [id] = await registerSome(1);
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ });
    const answer = await createRegistry(down.env).call("DELETE", `/artifacts/code/${id}`);
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({ detail: "Internal server error." });
    expect((await healthy.call("GET", `/artifacts/code/${id}`)).status).toBe(200);
    expect(await objectKeys()).toHaveLength(1);
    expect(await rows("SELECT * FROM deletions")).toEqual([]);
    const health = await createRegistry(down.env).call("GET", "/health");
    expect([health.status, health.json]).toEqual([503, { status: "critical" }]);
  });
});
