/** Quotas: how much the registry may hold, whatever comes at once and whatever fails. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { writeZip } from "../../src/zip/zip-writer.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, type TestRegistry, unfinishedWork } from "../harness.ts";
import { artifactIn, refusal, seen, source } from "../routes/answers.ts";
import { createMemory, createMirroringRegistry, mirror } from "./mirroring.ts";

const open = createRegistry();
const held = async () => (await rows("SELECT sum(artifacts) AS artifacts, sum(bytes) AS bytes FROM counts"))[0];
const sizeOf = async (id: string) =>
  (await rows<{ size: number }>("SELECT size FROM artifacts WHERE id = ?1", Number(id)))[0]?.size ?? 0;
const post = (registry: TestRegistry, name: string | number) =>
  registry.call("POST", "/artifact/code", { url: source(name) });

/** The bytes of a bundle of such a source, found by trying. */
async function measure(name: string): Promise<number> {
  const id = await open.register("code", source(name));
  const size = await sizeOf(id);
  await open.call("DELETE", `/artifacts/code/${id}`);
  return size;
}

async function expectCalm(): Promise<void> {
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
  expect(await objectKeys()).toHaveLength((await rows("SELECT id FROM artifacts")).length);
}

describe("a quota of artifacts", () => {
  it("refuses one more with 429 and says how many there are; deleting makes room", async () => {
    const registry = createRegistry({ MAX_ARTIFACTS: "2" });
    const full = refusal(429, "The registry is full: it holds 2 of at most 2 artifacts.");
    for (const name of ["a", "b"]) expect((await post(registry, name)).status).toBe(201);
    expect(seen(await post(registry, "c"))).toEqual(full);
    expect(seen(await registry.call("POST", "/artifact/dataset", { url: source("c") }))).toEqual(full);
    expect(
      seen(await registry.call("POST", "/artifact/code", { url: source("c") }, { Prefer: "respond-async" })),
    ).toEqual(full);
    // What is there already is there already, full or not.
    expect((await post(registry, "a")).status).toBe(409);
    expect(
      (await registry.call("PUT", "/artifacts/code/1", artifactIn(await registry.call("GET", "/artifacts/code/1"))))
        .status,
    ).toBe(200);
    await registry.call("DELETE", "/artifacts/code/1");
    expect((await post(registry, "c")).status).toBe(201);
    expect(seen(await post(registry, "d"))).toEqual(full);
    await registry.call("DELETE", "/reset");
    expect((await post(registry, "d")).status).toBe(201);
    await expectCalm();
  });

  it("of 100 leaves exactly 100 of 200 registrations at once, and no object of the others", async () => {
    const registry = createRegistry({ MAX_ARTIFACTS: "100" });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => post(registry, index)));
    const statuses = answers.map(({ status }) => status);
    expect([
      statuses.filter((status) => status === 201).length,
      statuses.filter((status) => status === 429).length,
    ]).toEqual([100, 100]);
    expect(
      answers.filter(({ status }) => status === 429).every(({ text }) => text.includes("it holds 100 of at most 100")),
    ).toBe(true);
    expect(await rows("SELECT id FROM artifacts")).toHaveLength(100);
    await expectCalm();
  });

  it("holds for registrations that are fulfilled after their answer", async () => {
    const registry = createRegistry({ MAX_ARTIFACTS: "3" });
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        registry.call("POST", "/artifact/code", { url: source(index) }, { Prefer: "respond-async" }),
      ),
    );
    expect(await rows("SELECT id FROM artifacts")).toHaveLength(3);
    await expectCalm();
  });

  it("of none takes nothing in, and one below what is held removes nothing", async () => {
    await open.register("code", source("a"));
    const registry = createRegistry({ MAX_ARTIFACTS: "0" });
    expect(seen(await post(registry, "b"))).toEqual(
      refusal(429, "The registry is full: it holds 1 of at most 0 artifacts."),
    );
    expect((await registry.call("GET", "/artifacts/code/1")).status).toBe(200);
  });
});

describe("a quota of bytes", () => {
  it("takes what fits to the last byte, refuses one more with 413, and counts an update's difference", async () => {
    const [short, long] = [await measure("s"), await measure("l".repeat(200))];
    expect(long).toBeGreaterThan(short + 200);
    const registry = createRegistry({ MAX_BYTES: String(short + long) });
    expect((await post(registry, "a")).status).toBe(201);
    expect((await post(registry, "b")).status).toBe(201);
    expect(await held()).toEqual({ artifacts: 2, bytes: 2 * short });
    const update = async (id: string, name: string) => {
      const artifact = artifactIn(await registry.call("GET", `/artifacts/code/${id}`));
      return registry.call("PUT", `/artifacts/code/${id}`, { ...artifact, data: { url: source(name) } });
    };
    const [{ id: first }, { id: second }] = (await rows<{ id: number }>("SELECT id FROM artifacts ORDER BY id")) as [
      { id: number },
      { id: number },
    ];
    expect((await update(String(first), "l".repeat(200))).status).toBe(200);
    expect(await held()).toEqual({ artifacts: 2, bytes: short + long });
    expect(seen(await update(String(second), "m".repeat(200)))).toEqual(
      refusal(
        413,
        `The registry is full: its bundles have ${short + long} of at most ${short + long} bytes, too many for this one.`,
      ),
    );
    expect((await registry.call("GET", `/artifacts/code/${second}`)).json).toMatchObject({
      data: { url: source("b") },
    });
    expect((await update(String(first), "c")).status).toBe(200);
    expect((await update(String(second), "m".repeat(200))).status).toBe(200);
    expect(seen(await post(registry, "d"))).toEqual(
      refusal(
        413,
        `The registry is full: its bundles have ${short + long} of at most ${short + long} bytes, too many for this one.`,
      ),
    );
    await registry.call("DELETE", `/artifacts/code/${second}`);
    expect(await held()).toEqual({ artifacts: 1, bytes: short });
    expect((await post(registry, "d")).status).toBe(201);
    await expectCalm();
  });

  it("refuses what is larger than the room that is left, after it has looked at it, and keeps nothing of it", async () => {
    const [short, long] = [await measure("s"), await measure("l".repeat(200))];
    const registry = createRegistry({ MAX_BYTES: String(short + long - 1) });
    expect((await post(registry, "a")).status).toBe(201);
    expect((await post(registry, "l".repeat(200))).status).toBe(413);
    expect((await post(registry, "b")).status).toBe(201);
    await expectCalm();
  });

  it("lets an update through that is not larger, also where more is held than may be by now", async () => {
    const id = await open.register("code", source("a"), "kept");
    const registry = createRegistry({ MAX_BYTES: "1" });
    const artifact = artifactIn(await registry.call("GET", `/artifacts/code/${id}`));
    const updated = await registry.call("PUT", `/artifacts/code/${id}`, { ...artifact, data: { url: source("b") } });
    expect(updated.status).toBe(200);
    await expectCalm();
  });

  it("of ten bundles leaves ten of thirty registrations at once", async () => {
    const size = await measure("10");
    const registry = createRegistry({ MAX_BYTES: String(10 * size) });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => post(registry, index + 10)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 413)).toHaveLength(20);
    expect(await held()).toEqual({ artifacts: 10, bytes: 10 * size });
    await expectCalm();
  });

  it("does not blame itself for what has another cause", async () => {
    const registry = createRegistry({ MAX_BYTES: "100000", MAX_ARTIFACTS: "100" });
    const id = await registry.register("code", source("a"), "it");
    const other = await registry.register("code", source("b"), "it");
    const artifact = artifactIn(await registry.call("GET", `/artifacts/code/${other}`));
    const twin = await registry.call("PUT", `/artifacts/code/${other}`, { ...artifact, data: { url: source("a") } });
    expect([id, twin.status]).toEqual(["1", 409]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(registry, "same")));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    await expectCalm();
  });
});

describe("a quota and content that is not fetched at once", () => {
  const zip = (text: string) => writeZip([{ path: "README.md", bytes: new TextEncoder().encode(text) }]);
  async function reserve(registry: TestRegistry, name: string): Promise<string> {
    const { status, json } = await registry.call("POST", "/artifact/code/upload", { name });
    expect(status).toBe(201);
    return (json as { id: string }).id;
  }
  const put = (registry: TestRegistry, id: string, bytes: Uint8Array) =>
    registry.call("PUT", `/artifacts/code/${id}/content`, bytes, {
      "Content-Type": "application/zip",
      "Content-Length": String(bytes.length),
    });

  it("refuses an upload that does not fit before it is read, and takes one that does", async () => {
    const bytes = zip("x".repeat(100));
    const registry = createRegistry({ MAX_BYTES: String(bytes.length + 1), MAX_ARTIFACTS: "1" });
    const [first, second] = [await reserve(registry, "a"), await reserve(registry, "b")];
    expect((await put(registry, first, zip("x".repeat(102)))).status).toBe(413);
    expect((await put(registry, first, bytes)).status).toBe(201);
    expect((await put(registry, second, zip(""))).status).toBe(429);
    expect(seen(await registry.call("POST", "/artifact/code/upload", { name: "c" }))).toEqual(
      refusal(429, "The registry is full: it holds 1 of at most 1 artifacts."),
    );
    expect((await put(registry, first, zip("x".repeat(101)))).status).toBe(200);
    const begin = (size: number) => registry.call("POST", `/artifacts/code/${first}/content/uploads`, { size });
    expect([(await begin(bytes.length + 2)).status, (await begin(bytes.length + 1)).status]).toEqual([413, 201]);
    expect(await brokenInvariants()).toEqual([]);
    for (const days of [30, 60]) await registry.sweep(Date.now() + days * 86_400_000);
    await expectCalm();
  });

  describe("of bytes", () => {
    const begin = (registry: TestRegistry, id: string, size: number) =>
      registry.call("POST", `/artifacts/code/${id}/content/uploads`, { size });
    const uploadIn = (answer: { json: unknown }) => (answer.json as { upload_id: string }).upload_id;

    it("counts what open uploads in parts have announced, until they end", async () => {
      const registry = createRegistry({ MAX_BYTES: "100" });
      const ids = [await reserve(registry, "a"), await reserve(registry, "b")] as const;
      const first = await begin(registry, ids[0], 60);
      expect(first.status).toBe(201);
      expect(seen(await begin(registry, ids[1], 41))).toEqual(
        refusal(
          413,
          "The registry is full: its bundles have 0 and open uploads 60 of at most 100 bytes, too many for this one.",
        ),
      );
      expect(await rows("SELECT id FROM uploads WHERE purpose = 'upload'")).toHaveLength(1);
      // also a second one for the same artifact
      expect((await begin(registry, ids[0], 60)).status).toBe(413);
      expect((await begin(registry, ids[1], 40)).status).toBe(201);
      const path = `/artifacts/code/${ids[0]}/content/uploads/${uploadIn(first)}`;
      expect((await registry.call("DELETE", path)).status).toBe(204);
      expect((await begin(registry, ids[1], 60)).status).toBe(201);
      for (const days of [30, 60]) await registry.sweep(Date.now() + days * 86_400_000);
      await expectCalm();
    });

    it("takes an upload that was announced, and one in the place of as much, unless others are open", async () => {
      const bytes = zip("x".repeat(100));
      const registry = createRegistry({ MAX_BYTES: String(bytes.length) });
      const id = await reserve(registry, "a");
      const upload = uploadIn(await begin(registry, id, bytes.length));
      const path = `/artifacts/code/${id}/content/uploads/${upload}`;
      const put = await registry.call("PUT", `${path}/parts/1`, bytes, { "Content-Length": String(bytes.length) });
      expect(put.status).toBe(200);
      expect((await registry.call("POST", `${path}/complete`, {})).status).toBe(201);
      expect([
        (await begin(registry, id, bytes.length)).status,
        (await begin(registry, id, bytes.length)).status,
      ]).toEqual([201, 413]);
    });

    it("is not gone round by beginning many at once", async () => {
      const registry = createRegistry({ MAX_BYTES: "100" });
      const ids = await Promise.all(Array.from({ length: 8 }, (_, index) => reserve(registry, `item-${index}`)));
      const answers = await Promise.all(ids.map((id) => begin(registry, id, 60)));
      expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
      expect(answers.every(({ status }) => [201, 413].includes(status))).toBe(true);
      const [open] = await rows<{ size: number }>(
        "SELECT coalesce(sum(size), 0) AS size FROM uploads WHERE multipart_id IS NOT NULL",
      );
      expect(open?.size).toBeLessThanOrEqual(100);
      expect(await brokenInvariants()).toEqual([]);
    });
  });

  it("leaves the one place that there is to one of many uploads at once", async () => {
    const registry = createRegistry({ MAX_ARTIFACTS: "1" });
    const ids = await Promise.all(Array.from({ length: 8 }, (_, index) => reserve(registry, `item-${index}`)));
    const answers = await Promise.all(ids.map((id) => put(registry, id, zip(id))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(429)]);
    for (const days of [30, 60]) await registry.sweep(Date.now() + days * 86_400_000);
    await expectCalm();
  });

  it("skips a mirror that would not fit before it copies anything, and keeps the light bundle", async () => {
    const mirroring = createMirroringRegistry();
    const answer = await mirroring.call("POST", "/artifact/model", { url: "acme-labs/whole", mirror: "full" });
    expect(answer.status).toBe(201);
    const [light] = await rows<{ size: number; sha256: string }>("SELECT size, sha256 FROM artifacts");
    const [run] = mirroring.started;
    if (!run || !light) throw new Error("nothing was started");
    const memory = createMemory();
    expect(await mirror(run, memory, { MAX_BYTES: String(light.size + 1000) })).toBe("skipped");
    expect(memory.names).toEqual(["plan", "end"]);
    expect((await mirroring.call("GET", "/artifacts/model/1/mirror")).json).toMatchObject({
      state: "skipped",
      error: expect.stringContaining("The registry is full"),
    });
    expect(await rows("SELECT size, sha256 FROM artifacts")).toEqual([light]);
    await expectCalm();
  });

  it("skips a mirror for which there is no room any more when it is copied, and keeps the light bundle", async () => {
    const mirroring = createMirroringRegistry();
    await mirroring.call("POST", "/artifact/model", { url: "acme-labs/whole", mirror: "full" });
    const [light] = await rows<{ size: number; sha256: string }>("SELECT size, sha256 FROM artifacts");
    const [run] = mirroring.started;
    if (!run || !light) throw new Error("nothing was started");
    const bindings = { ...env, MAX_BYTES: "100000000" };
    const memory = createMemory({
      before: async (name) => {
        if (name !== "settle") return;
        await env.DB.prepare("UPDATE counts SET bytes = bytes + 99999000 WHERE type = 'code'").run();
      },
    });
    expect(await mirror(run, memory, bindings)).toBe("skipped");
    await env.DB.prepare("UPDATE counts SET bytes = bytes - 99999000 WHERE type = 'code'").run();
    expect((await mirroring.call("GET", "/artifacts/model/1/mirror")).json).toMatchObject({ state: "skipped" });
    expect(await rows("SELECT size, sha256 FROM artifacts")).toEqual([light]);
    await mirroring.sweep(Date.now() + 86_400_000);
    await expectCalm();
  });
});

describe("a registration at its quota, with any one call failing", () => {
  it.each(EVERY_WAY)(
    "$when it took effect, $extent, never exceeds it and owes nothing after the sweep",
    async (how) => {
      await open.register("code", source("first"));
      let runs = 0;
      for (let call = 0, fired = true; fired; call += 1) {
        // Room when it begins, none when it settles: another one comes in between.
        const faulty = withFaults(env, { call, ...how });
        const registry = createRegistry({ ...faulty.env, MAX_ARTIFACTS: "2" });
        const [answer] = await Promise.all([post(registry, `late-${call}`), post(open, `early-${call}`)]);
        fired = faulty.calls() > call;
        runs += 1;
        expect([201, 429, 500]).toContain(answer.status);
        expect(await brokenInvariants()).toEqual([]);
        await open.sweep(Date.now() + 24 * 3_600_000);
        await expectCalm();
        const [{ n }] = (await rows<{ n: number }>("SELECT count(*) AS n FROM artifacts")) as [{ n: number }];
        expect(n).toBeLessThanOrEqual(3);
        for (const { id } of await rows<{ id: number }>("SELECT id FROM artifacts WHERE id > 1")) {
          await open.call("DELETE", `/artifacts/code/${id}`);
        }
      }
      expect(runs).toBeGreaterThan(4);
    },
  );
});

describe("the configuration of quotas", () => {
  it.each([
    [{}, {}],
    [{ MAX_ARTIFACTS: "", MAX_BYTES: " " }, {}],
    [{ MAX_ARTIFACTS: "5" }, { artifacts: 5 }],
    [{ MAX_BYTES: "10000000000" }, { bytes: 10_000_000_000 }],
  ])("%j is %j", (vars, quota) => {
    expect(readConfig({ ...env, ...vars }).quota).toEqual(quota);
  });

  it.each([{ MAX_ARTIFACTS: "-1" }, { MAX_ARTIFACTS: "many" }, { MAX_BYTES: "1.5" }])("refuses %j", (vars) => {
    expect(() => readConfig({ ...env, ...vars })).toThrow(/MAX_/);
  });
});
