/** An artifact of one's own, uploaded in one request. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hexToBase64 } from "../../src/lib/hash.ts";
import { READ_WHOLE_MAX_BYTES } from "../../src/limits.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { harmlessByProtocol } from "../inspection/make-pickle.ts";
import { artifactIn, linkIn, NO_ARTIFACT, refusal, seen, source, world } from "./answers.ts";
import { CARD, hexOf, modelZip, reserveId, uploadOne, zipOf } from "./uploading.ts";

const registry = createRegistry();
const content = (id: string, type = "model") => `/artifacts/${type}/${id}/content`;
const put = (id: string, body: unknown, headers: Record<string, string> = {}, type = "model") =>
  registry.call("PUT", content(id, type), body, headers);
const expectNothingKept = async () => {
  expect(await objectKeys()).toEqual([]);
  expect(await brokenInvariants()).toEqual([]);
  expect(await rows("SELECT id FROM uploads WHERE purpose <> 'reservation'")).toEqual([]);
};

describe("POST /artifact/{artifact_type}/upload", () => {
  it("issues an id under which nothing is until its content has come", async () => {
    const answer = await registry.call("POST", "/artifact/model/upload", { name: " zephyr " });
    expect(seen(answer)).toEqual([201, { name: "zephyr", id: "1", type: "model", expires_at: expect.any(String) }]);
    expect(answer.headers.get("Location")).toBe("/artifacts/model/1/content");
    for (const [method, path] of [
      ["GET", "/artifacts/model/1"],
      ["GET", "/artifact/model/1/rate"],
      ["GET", "/artifact/model/1/cost"],
      ["GET", "/artifact/model/1/lineage"],
      ["DELETE", "/artifacts/model/1"],
    ] as const) {
      expect(seen(await registry.call(method, path))).toEqual(NO_ARTIFACT);
    }
    expect((await registry.call("POST", "/artifacts", [])).json).toEqual([]);
  });

  it("gives every upload its own id, also under one name", async () => {
    expect([await uploadOne(), await uploadOne(), await uploadOne("dataset")]).toEqual(["1", "3", "5"]);
    expect((await registry.call("GET", "/artifact/byName/zephyr")).json).toHaveLength(3);
  });

  it.each([{}, { name: "" }, { name: "*" }, { name: 7 }, "no json"])("refuses %j", async (body) => {
    expect((await registry.call("POST", "/artifact/model/upload", body)).status).toBe(400);
    expect(await rows("SELECT id FROM uploads")).toEqual([]);
  });

  it("gives the id up when nothing came in time, but not while something is coming", async () => {
    const [waiting, coming] = [await reserveId(), await reserveId()];
    await env.DB.prepare(
      `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, expires_at)
       VALUES (?1, 'model', 'zephyr', 1, '', 0, 'x', ?2)`,
    )
      .bind(Number(coming), Date.now() + 1000 * 3_600_000)
      .run();
    await registry.sweep(Date.now() + 73 * 3_600_000);
    expect(await rows("SELECT id FROM uploads WHERE purpose = 'reservation'")).toEqual([{ id: Number(coming) }]);
    expect(seen(await put(waiting, modelZip()))).toEqual(NO_ARTIFACT);
  });
});

describe("PUT /artifacts/{artifact_type}/{id}/content", () => {
  it("makes the artifact, whole: read, download, lineage, search, rating, index, verdict", async () => {
    const id = await reserveId();
    const zip = modelZip();
    const answer = await put(id, zip);
    const metadata = { name: "zephyr", id, type: "model" };
    const data = { url: `upload:${id}`, download_url: expect.stringMatching(/^https:\/\/registry\.test\//) };
    expect(seen(answer)).toEqual([201, { metadata, data }]);
    expect(answer.headers.get("Location")).toBe(`/artifacts/model/${id}`);
    const read = await registry.call("GET", `/artifacts/model/${id}`);
    expect(seen(read)).toEqual([200, { metadata, data }]);
    expect(read.headers.get("ETag")).toBe(answer.headers.get("ETag"));
    const download = await registry.call("GET", linkIn(read));
    expect(download.headers.get("ETag")).toBe(`"${await hexOf(zip)}"`);
    expect(download.headers.get("Content-Length")).toBe(String(zip.length));

    expect((await registry.call("POST", "/artifact/byRegEx", { regex: "wherever it blows" })).json).toEqual([metadata]);
    expect((await registry.call("GET", `/artifact/byName/upload:${id}`)).json).toEqual([metadata]);
    expect((await registry.call("GET", `/artifact/model/${id}/lineage`)).json).toMatchObject({
      edges: [{ from_node_artifact_id: "external:acme-labs/aster-base", to_node_artifact_id: id }],
    });
    expect((await registry.call("GET", `/artifact/model/${id}/cost`)).json).toMatchObject({
      [id]: { standalone_cost: Math.round(zip.length / 1000) / 1000 },
    });
    expect(await rows("SELECT license FROM artifacts")).toEqual([{ license: '["apache-2.0"]' }]);
    expect(await rows("SELECT verdict, findings FROM inspections")).toEqual([{ verdict: "safe", findings: "[]" }]);
    const [page] = await rows<{ first_path: string; entries: string }>("SELECT * FROM bundle_index");
    expect(page?.first_path).toBe("README.md");
    const [card] = JSON.parse(page?.entries ?? "[]");
    const text = new TextDecoder().decode(zip.slice(card.dataOffset, card.dataOffset + card.size));
    expect([card.path, text]).toEqual(["README.md", CARD]);
    expect(await rows("SELECT action FROM audit WHERE action <> 'DOWNLOAD'")).toEqual([{ action: "CREATE" }]);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("is read through once, besides its directory, its headers, texts that are searched, and the files that are rated", async () => {
    const id = await reserveId();
    const filler = new TextEncoder().encode("words ".repeat(800_000));
    const zip = zipOf({ "README.md": CARD, "config.json": '{"model_type":"zephyr"}', "data.txt": filler });
    expect(zip.length).toBeGreaterThan(READ_WHOLE_MAX_BYTES);
    const counted = withFaults(registry.env);
    const answer = await createRegistry(counted.env).call("PUT", `/artifacts/model/${id}/content`, zip);
    expect(answer.status).toBe(201);
    expect(counted.names.filter((name) => name === "bucket.get")).toHaveLength(8);
  });

  it("rates a model by its own files alone: what others would have to say is unavailable, not 0", async () => {
    const id = await uploadOne();
    const { status, json } = await registry.call("GET", `/artifact/model/${id}/rate?explain=true`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      license: 1,
      ramp_up_time: 0.85,
      pipeline_tag: "text-generation",
      unavailable: ["bus_factor", "reviewedness"],
    });
  });

  it("says of its safety what the inspection and its configurations say, also when it is rated again", async () => {
    const signalsOf = async (id: string) =>
      (await registry.call("GET", `/artifact/model/${id}/rate`)).json as { signals: Record<string, number> };
    const pickled = await uploadOne(
      "model",
      zipOf({ "README.md": CARD, "model.pkl": harmlessByProtocol[2] ?? "" }),
      "pickled",
    );
    const hooked = await uploadOne(
      "model",
      zipOf({ "README.md": CARD, "tokenizer_config.json": '{"auto_map":{"AutoTokenizer":"x.Y"}}' }),
      "hooked",
    );
    const first = [await signalsOf(pickled), await signalsOf(hooked)].map(({ signals }) => signals["artifact_safety"]);
    expect(first).toEqual([0.75, 0.25]);
    await env.DB.prepare("UPDATE ratings SET algorithm = 'older', rating = '{}'").run();
    const again = [await signalsOf(pickled), await signalsOf(hooked)].map(({ signals }) => signals["artifact_safety"]);
    expect(again).toEqual(first);
    expect((await signalsOf(pickled)).signals).not.toHaveProperty("maturity");
  });

  it("rates what names datasets and code that nobody was asked about, by the rest", async () => {
    const card = `---\nlicense: mit\ndatasets: [acme-labs/open-atlas]\n---\nSee https://github.com/acme-labs/zephyr.`;
    const id = await uploadOne("model", zipOf({ "README.md": card }));
    const { status, json } = await registry.call("GET", `/artifact/model/${id}/rate`);
    const unavailable = ["bus_factor", "dataset_and_code_score", "dataset_quality", "code_quality", "reviewedness"];
    expect([status, json]).toEqual([200, expect.objectContaining({ license: 1, unavailable })]);
  });

  it("rates it again from its files when the algorithm has changed, whatever evidence they claim to be", async () => {
    const claim = JSON.stringify({
      kind: "model",
      source: "x",
      record: { status: "found", value: { downloads: 1e9 } },
    });
    const id = await uploadOne("model", zipOf({ "README.md": CARD, "evidence.json": claim }));
    const before = (await registry.call("GET", `/artifact/model/${id}/rate`)).json as Record<string, unknown>;
    await env.DB.prepare("UPDATE ratings SET algorithm = 'older', rating = '{}'").run();
    const after = (await registry.call("GET", `/artifact/model/${id}/rate`)).json as Record<string, unknown>;
    expect(after["net_score"]).toBe(before["net_score"]);
    expect(after["unavailable"]).toContain("reviewedness");
    expect(await rows("SELECT 1 FROM ratings WHERE algorithm = 'older'")).toEqual([]);
  });

  it("reads the card of a folder that was zipped as a whole", async () => {
    const id = await uploadOne(
      "model",
      zipOf({ "zephyr/README.md": CARD, "zephyr/config.json": '{"base_model":"acme-labs/aster-chat"}' }),
    );
    expect(await rows("SELECT parent_source, read_from FROM edges ORDER BY 1")).toEqual([
      { parent_source: "acme-labs/aster-base", read_from: "model_card" },
      { parent_source: "acme-labs/aster-chat", read_from: "config_json" },
    ]);
    expect((await registry.call("GET", `/artifact/model/${id}/rate`)).json).toMatchObject({ license: 1 });
  });

  it.each(["dataset", "code"])("takes a %s, without a rating, and asks nobody", async (type) => {
    await uploadOne(type, zipOf({ "README.md": CARD, "data/a.csv": "1,2" }));
    expect(await rows("SELECT type, source, license FROM artifacts")).toEqual([
      { type, source: "upload:1", license: '["apache-2.0"]' },
    ]);
    expect(await rows("SELECT * FROM ratings")).toEqual([]);
  });

  it("replaces content that was uploaded, whole, and leaves nothing of the old", async () => {
    const id = await uploadOne();
    const before = await registry.call("GET", `/artifacts/model/${id}`);
    const zip = zipOf({ "other.txt": "something else" });
    const answer = await put(id, zip, { "If-Match": before.headers.get("ETag") ?? "" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ETag")).not.toBe(before.headers.get("ETag"));
    expect(await objectKeys()).toHaveLength(1);
    expect((await registry.call("GET", linkIn(before))).headers.get("ETag")).toBe(`"${await hexOf(zip)}"`);
    expect(await rows("SELECT first_path FROM bundle_index")).toEqual([{ first_path: "other.txt" }]);
    expect(await rows("SELECT * FROM edges")).toEqual([]);
    expect(await rows("SELECT action FROM audit ORDER BY id")).toEqual([
      { action: "CREATE" },
      { action: "UPDATE" },
      { action: "DOWNLOAD" },
    ]);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("replaces nothing over another version than the one named, nor before there is one", async () => {
    const stale = refusal(412, "The artifact has changed: If-Match names another version.");
    const id = await uploadOne();
    const before = await world();
    expect(seen(await put(id, modelZip("2"), { "If-Match": '"1-1"' }))).toEqual(stale);
    expect(await world()).toEqual(before);
    expect(seen(await put(await reserveId(), modelZip(), { "If-Match": "*" }))).toEqual(stale);
  });

  it("is for artifacts that were made for it: what came from upstream keeps the content that it was rated by", async () => {
    const id = await registry.register("code", source("x"));
    const before = await world();
    expect((await put(id, modelZip(), {}, "code")).status).toBe(409);
    expect((await registry.call("POST", `${content(id, "code")}/uploads`, { size: 10 })).status).toBe(409);
    const mine = await uploadOne();
    const artifact = artifactIn(await registry.call("GET", `/artifacts/model/${mine}`));
    expect((await registry.call("PUT", `/artifacts/model/${mine}`, artifact)).status).toBe(409);
    expect(await world()).toMatchObject({ artifacts: [...(before["artifacts"] as unknown[]), { id: Number(mine) }] });
  });

  it.each([
    ["an id that was never issued", "99", "model"],
    ["another type", "1", "dataset"],
  ])("knows nothing of %s", async (_, id, type) => {
    await reserveId();
    expect(seen(await put(id, modelZip(), {}, type))).toEqual(NO_ARTIFACT);
    await expectNothingKept();
  });

  it("knows nothing of an artifact that was deleted", async () => {
    const id = await uploadOne();
    await registry.call("DELETE", `/artifacts/model/${id}`);
    expect(seen(await put(id, modelZip()))).toEqual(NO_ARTIFACT);
    await expectNothingKept();
  });

  it.each(["Repr-Digest", "Content-Digest", "X-Content-SHA256"])("holds the body against its %s", async (header) => {
    const zip = modelZip();
    const spell = async (bytes: Uint8Array<ArrayBuffer>) =>
      header === "X-Content-SHA256" ? await hexOf(bytes) : `md5=:AAAA:, sha-256=:${hexToBase64(await hexOf(bytes))}:`;
    const id = await reserveId();
    expect(seen(await put(id, zip, { [header]: await spell(modelZip("other")) }))).toEqual(
      refusal(400, "The content does not have the digest that was sent with it."),
    );
    await expectNothingKept();
    expect((await put(id, zip, { [header]: await spell(zip) })).status).toBe(201);
    const [row] = await rows<{ sha256: string; object_key: string }>("SELECT sha256, object_key FROM artifacts");
    expect((await env.BUCKET.head(row?.object_key ?? ""))?.checksums.toJSON().sha256).toBe(row?.sha256);
  });

  it.each([
    ["no length", undefined, {}, 411],
    ["no body", new Uint8Array(), {}, 400],
    ["a length that is none", new Uint8Array(5), { "Content-Length": "five" }, 400],
    ["more than a request may bring", new Uint8Array(5), { "Content-Length": "104857601" }, 413],
    ["a digest that is none", new Uint8Array(5), { "Repr-Digest": "sha-256=:AAAA:" }, 400],
    [
      "digests that differ",
      new Uint8Array(5),
      { "X-Content-SHA256": "a".repeat(64), "Repr-Digest": `sha-256=:${"A".repeat(43)}=:` },
      400,
    ],
  ])("refuses %s before it reads anything", async (_, body, headers, status) => {
    const id = await reserveId();
    const sent = body ?? new Response("x".repeat(9)).body;
    expect((await put(id, sent, headers as Record<string, string>)).status).toBe(status);
    await expectNothingKept();
  });

  it.each([
    ["ends early", 1, "it ended after"],
    ["goes on", -1, "it is longer than"],
  ])("keeps nothing of a body that %s", async (_, more, words) => {
    const zip = modelZip();
    const id = await reserveId();
    const answer = await put(id, zip, { "Content-Length": String(zip.length + more) });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words)]);
    await expectNothingKept();
    expect((await put(id, zip)).status).toBe(201);
  });

  it("keeps nothing of a body whose connection was lost", async () => {
    const id = await reserveId();
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(100));
      },
      pull(controller) {
        controller.error(new Error("reset by peer"));
      },
    });
    expect(seen(await put(id, broken, { "Content-Length": "5000" }))).toEqual(
      refusal(400, "The body did not arrive whole: the connection was lost."),
    );
    await expectNothingKept();
  });

  it.each([
    ["no zip", new TextEncoder().encode("not a zip, whatever its name says"), "not_a_zip"],
    ["a path out of it", zipOf({ "../evil.txt": "x" }), "path_traversal"],
    ["names that differ by case alone", zipOf({ "a.txt": "1", "A.txt": "2" }), "duplicate_path"],
    ["bytes before it", new Uint8Array([1, 2, 3, ...zipOf({ a: "x" })]), "prepended_data"],
    ["bytes behind it", new Uint8Array([...zipOf({ a: "x" }), 1, 2, 3]), "trailing_data"],
    ["a pickle that calls", zipOf({ "model.pkl": "cos\nsystem\n(S'true'\ntR." }), "pickle_import"],
  ])("refuses %s with what was found, and keeps nothing of it", async (_, zip, code) => {
    const id = await reserveId();
    const answer = await put(id, zip);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      detail: expect.stringMatching(/^Upload refused: /),
      findings: expect.arrayContaining([expect.objectContaining({ code, severity: "unsafe" })]),
    });
    await expectNothingKept();
    expect((await put(id, modelZip())).status).toBe(201);
  });

  it("keeps the old content whole when the new one is refused", async () => {
    const id = await uploadOne();
    const before = await registry.call("GET", `/artifacts/model/${id}`);
    expect((await put(id, zipOf({ "/etc/passwd": "x" }))).status).toBe(400);
    expect(await registry.call("GET", linkIn(before))).toMatchObject({ status: 200 });
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("takes in what nobody can judge, and says so", async () => {
    await uploadOne(
      "model",
      zipOf({ "README.md": CARD, "native.so": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]) }),
    );
    expect(await rows("SELECT verdict FROM inspections")).toEqual([{ verdict: "unknown" }]);
  });
});
