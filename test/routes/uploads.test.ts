/** An artifact's zip, uploaded in parts. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { linkIn, NO_ARTIFACT, refusal, seen } from "./answers.ts";
import { hexOf, modelZip, PART, partOf, putParts, reserveId, startParts, twoParts, uploadOne } from "./uploading.ts";

const registry = createRegistry();
const NO_UPLOAD = refusal(404, "Upload does not exist.");
const complete = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  registry.call("POST", `${path}/complete`, body, headers);
const expectCalm = async () => {
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
};

describe("an upload in parts", () => {
  it("makes the artifact, as one request does, whatever the order of its parts", async () => {
    const zip = twoParts();
    const id = await reserveId();
    const started = await registry.call("POST", `/artifacts/model/${id}/content/uploads`, {
      size: zip.length,
      part_size: PART,
    });
    const begun = { upload_id: "2", size: zip.length, part_size: PART, part_count: 2, expires_at: expect.any(String) };
    expect(seen(started)).toEqual([201, { ...begun, parts: [] }]);
    const path = `/artifacts/model/${id}/content/uploads/2`;
    expect(started.headers.get("Location")).toBe(path);
    for (const number of [2, 1]) {
      const size = partOf(zip, number).length;
      const place = await registry.call("GET", `${path}/parts/${number}`);
      expect(seen(place)).toEqual([200, { number, size, url: `https://registry.test${path}/parts/${number}` }]);
      const part = await registry.call("PUT", `${path}/parts/${number}`, partOf(zip, number));
      expect(seen(part)).toEqual([200, { number, size, etag: expect.any(String) }]);
    }
    const state = await registry.call("GET", path);
    expect(state.json).toMatchObject({
      ...begun,
      parts: [
        { number: 1, size: PART },
        { number: 2, size: 1234 },
      ],
    });
    expect(seen(await registry.call("GET", `/artifacts/model/${id}`))).toEqual(NO_ARTIFACT);

    const completed = await complete(path, { sha256: (await hexOf(zip)).toUpperCase() });
    expect(completed.status).toBe(201);
    const download = await registry.call("HEAD", linkIn(completed));
    expect([download.headers.get("ETag"), download.headers.get("Content-Length")]).toEqual([
      `"${await hexOf(zip)}"`,
      String(zip.length),
    ]);
    expect(await rows("SELECT verdict FROM inspections")).toHaveLength(1);
    await expectCalm();

    const again = await complete(path);
    expect([again.status, again.headers.get("ETag")]).toEqual([200, completed.headers.get("ETag")]);
    expect(await rows("SELECT action FROM audit")).toEqual([{ action: "CREATE" }]);
    expect(seen(await registry.call("GET", path))).toEqual(NO_UPLOAD);
  });

  it("goes on where the connection was lost, and a part that is sent again takes the place of the first", async () => {
    const zip = twoParts();
    const path = await startParts(await reserveId(), zip);
    const wrong = partOf(zip, 1).fill(7);
    expect((await registry.call("PUT", `${path}/parts/1`, wrong)).status).toBe(200);
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(9)),
      pull: (c) => c.error(new Error("gone")),
    });
    const lost = await registry.call("PUT", `${path}/parts/2`, broken, { "Content-Length": "1234" });
    expect([lost.status, lost.text]).toEqual([400, expect.stringContaining("the connection was lost")]);
    expect((await registry.call("GET", path)).json).toMatchObject({ parts: [{ number: 1 }] });
    await putParts(path, zip);
    expect((await complete(path, { sha256: await hexOf(zip) })).status).toBe(201);
    await expectCalm();
  });

  it("replaces uploaded content, over the version named alone", async () => {
    const id = await uploadOne();
    const etag = (await registry.call("GET", `/artifacts/model/${id}`)).headers.get("ETag") ?? "";
    const zip = twoParts();
    const path = await startParts(id, zip);
    await putParts(path, zip);
    expect((await complete(path, {}, { "If-Match": '"1-1"' })).status).toBe(412);
    const replaced = await complete(path, {}, { "If-Match": etag });
    expect(replaced.status).toBe(200);
    expect(await objectKeys()).toHaveLength(1);
    await expectCalm();
  });

  it.each([
    [{}, "size"],
    [{ size: 0 }, "size"],
    [{ size: 1.5 }, "size"],
    [{ size: 30 * 1024 ** 3 }, "size"],
    [{ size: 10, part_size: 5_242_879 }, "part_size: must be from 5242880 to 104857600 bytes"],
    [{ size: 10, part_size: 104_857_601 }, "part_size: must be from"],
    [{ size: 20 * 1024 ** 3 + 1 }, "size"],
    [{ size: 10, sha256: "abc" }, "sha256: must be 64 hex digits"],
  ])("is not begun with %j", async (body, words) => {
    const answer = await registry.call("POST", `/artifacts/model/${await reserveId()}/content/uploads`, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words)]);
    expect(await rows("SELECT id FROM uploads WHERE purpose = 'upload'")).toEqual([]);
  });

  it("chooses parts that the largest zip fits into", async () => {
    const { json } = await registry.call("POST", `/artifacts/model/${await reserveId()}/content/uploads`, {
      size: 20 * 1024 ** 3,
    });
    expect(json).toMatchObject({ part_size: 32 * 1024 * 1024, part_count: 640 });
  });

  it.each([
    ["0", PART, "Too small"],
    ["3", PART, "this upload has parts 1 to 2"],
    ["x", PART, "expected number"],
    ["1", PART - 1, `part 1 of this upload has ${PART} bytes`],
    ["2", PART, "part 2 of this upload has 1234 bytes"],
  ])("takes no part %s of %i bytes", async (number, size, words) => {
    const path = await startParts(await reserveId(), twoParts());
    const answer = await registry.call("PUT", `${path}/parts/${number}`, new Uint8Array(size));
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words)]);
    expect(await rows("SELECT * FROM upload_parts")).toEqual([]);
  });

  it("takes no part that is not what its digest says", async () => {
    const zip = twoParts();
    const path = await startParts(await reserveId(), zip);
    const answer = await registry.call("PUT", `${path}/parts/2`, partOf(zip, 2), {
      "X-Content-SHA256": "a".repeat(64),
    });
    expect(answer.status).toBe(400);
    expect(await rows("SELECT * FROM upload_parts")).toEqual([]);
  });

  it("is not completed while parts are missing, and goes on", async () => {
    const zip = twoParts();
    const path = await startParts(await reserveId(), zip);
    await registry.call("PUT", `${path}/parts/2`, partOf(zip, 2));
    expect(seen(await complete(path))).toEqual(refusal(400, "Invalid request: 1 of 2 parts have not come: 1."));
    await registry.call("PUT", `${path}/parts/1`, partOf(zip, 1));
    const tags = { parts: [{ number: 1, etag: "never-issued" }] };
    expect(seen(await complete(path, tags))).toEqual(
      refusal(400, "Invalid request: the parts do not make a whole: the store does not have a part of this tag."),
    );
    expect((await complete(path)).status).toBe(201);
    await expectCalm();
  });

  it.each([
    ["has another digest than was said at the end", { sha256: "a".repeat(64) }, twoParts(), "digest"],
    ["is no zip", {}, new Uint8Array(PART + 9), "Upload refused: not_a_zip"],
  ])("that %s is refused, and nothing is left of it", async (_, body, bytes, words) => {
    const path = await startParts(await reserveId(), bytes);
    await putParts(path, bytes);
    const answer = await complete(path, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words)]);
    expect(await objectKeys()).toEqual([]);
    expect(seen(await complete(path))).toEqual(NO_UPLOAD);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("that is another size than was announced is refused without being read, and nothing is left of it", async () => {
    const zip = twoParts();
    const path = await startParts(await reserveId(), zip);
    await registry.call("PUT", `${path}/parts/1`, partOf(zip, 1));
    // into the bucket itself, where nobody but the link's signature holds a part to its size
    const [upload] = await rows<{ object_key: string; multipart_id: string }>(
      "SELECT object_key, multipart_id FROM uploads WHERE multipart_id IS NOT NULL",
    );
    const multipart = env.BUCKET.resumeMultipartUpload(upload?.object_key ?? "", upload?.multipart_id ?? "");
    const { etag } = await multipart.uploadPart(2, new Uint8Array(1235));
    const faulty = withFaults(registry.env);
    const answer = await createRegistry(faulty.env).call("POST", `${path}/complete`, { parts: [{ number: 2, etag }] });
    const [size, said] = [PART + 1235, zip.length];
    expect(seen(answer)).toEqual(
      refusal(400, `Invalid request: the parts make ${size} bytes, not ${said}: the upload has ended.`),
    );
    expect(faulty.names).not.toContain("bucket.get");
    expect(await objectKeys()).toEqual([]);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("is gone when it is aborted: no parts, no artifact", async () => {
    const zip = twoParts();
    const id = await reserveId();
    const path = await startParts(id, zip);
    await putParts(path, zip);
    const aborted = await registry.call("DELETE", path);
    expect([aborted.status, aborted.text]).toEqual([204, ""]);
    for (const [method, tail, body] of [
      ["GET", "", undefined],
      ["GET", "/parts/1", undefined],
      ["PUT", "/parts/1", partOf(zip, 1)],
      ["POST", "/complete", {}],
      ["DELETE", "", undefined],
    ] as const) {
      expect(seen(await registry.call(method, path + tail, body)), method + tail).toEqual(NO_UPLOAD);
    }
    expect(await objectKeys()).toEqual([]);
    expect((await registry.call("PUT", `/artifacts/model/${id}/content`, modelZip())).status).toBe(201);
    await expectCalm();
  });

  it("expires with its id when nobody finishes it", async () => {
    const zip = twoParts();
    const path = await startParts(await reserveId(), zip);
    await putParts(path, zip);
    await registry.sweep(Date.now() + 73 * 3_600_000);
    await registry.sweep(Date.now() + 73 * 3_600_000);
    expect(seen(await complete(path))).toEqual(NO_UPLOAD);
    expect(await objectKeys()).toEqual([]);
    await expectCalm();
  });

  it.each([
    ["of another artifact", (path: string) => path.replace("/model/1/", "/model/3/")],
    ["of another type", (path: string) => path.replace("/model/", "/code/")],
    ["that is none", (path: string) => path.replace(/\d+$/, "77")],
    ["that is no number", (path: string) => path.replace(/\d+$/, "seven")],
    ["that is a reservation", (path: string) => path.replace(/\d+$/, "1")],
  ])("%s is not found", async (_, change) => {
    const path = await startParts(await reserveId(), twoParts());
    await reserveId();
    expect(seen(await registry.call("GET", change(path)))).toEqual(NO_UPLOAD);
  });

  it("is read and written by nobody without a token where tokens are required", async () => {
    const path = await startParts(await reserveId(), twoParts());
    const closed = createRegistry({ AUTH: "required" });
    for (const [method, where] of [
      ["POST", "/artifact/model/upload"],
      ["PUT", "/artifacts/model/1/content"],
      ["POST", "/artifacts/model/1/content/uploads"],
      ["GET", path],
      ["GET", `${path}/parts/1`],
      ["PUT", `${path}/parts/1`],
      ["POST", `${path}/complete`],
      ["DELETE", path],
    ] as const) {
      expect((await closed.call(method, where, method === "GET" ? undefined : {})).status, where).toBe(403);
    }
  });
});
