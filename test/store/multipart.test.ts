/** Uploads in parts: what the store's functions promise to those who write with them, and what a delete does to them. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteBundles } from "../../src/store/blobs.ts";
import { abortMultipart, completeMultipart, createMultipart, putPart } from "../../src/store/multipart.ts";
import { writePart } from "../../src/store/upload-parts.ts";
import { recordMultipart, type Upload } from "../../src/store/uploads.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";

const registry = createRegistry();
const LATER = Date.now() + 72 * 3_600_000;

/** An upload in parts for an artifact, with one part in the bucket. */
async function beginParts(artifactId: string, purpose = "mirror"): Promise<Upload & { multipart_id: string }> {
  const upload = await env.DB.prepare(
    `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, purpose, expires_at)
     VALUES (?1, 'code', 'n', 0, '', 0, 'x', ?2, ?3) RETURNING id, object_key`,
  )
    .bind(Number(artifactId), purpose, LATER)
    .first<Upload>();
  if (!upload) throw new Error("no intent");
  const multipart_id = await createMultipart(env.BUCKET, upload.object_key);
  await recordMultipart(env.DB, upload.id, multipart_id, LATER).run();
  const etag = await putPart(env.BUCKET, { ...upload, multipart_id }, 1, new TextEncoder().encode("bytes"));
  await writePart(env.DB, upload.id, { number: 1, etag, size: 5 }).run();
  return { ...upload, multipart_id };
}
const completing = async (upload: Upload & { multipart_id: string }) => {
  const parts = await rows<{ number: number; etag: string }>("SELECT number, etag FROM upload_parts");
  return completeMultipart(env.BUCKET, upload, parts);
};
const expectCalm = async () => {
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
  expect(await objectKeys()).toEqual([]);
};

describe("deleting an artifact that is being written for in parts", () => {
  it.each([
    ["DELETE /artifacts/code/1", "DELETE", "/artifacts/code/1", undefined],
    ["POST /artifacts/delete", "POST", "/artifacts/delete", { ids: [{ type: "code", id: "1" }] }],
    ["DELETE /reset", "DELETE", "/reset", undefined],
  ])("by %s aborts the upload too, in the same request", async (_, method, path, body) => {
    await registry.register("code", "https://files.example.org/a.tar");
    const upload = await beginParts("1");
    const counting = withFaults(env);
    expect((await createRegistry(counting.env).call(method, path, body)).status).toBe(200);
    expect(counting.names.filter((name) => name.startsWith("bucket"))).toEqual(["bucket.abort", "bucket.delete"]);
    await expect(completing(upload)).rejects.toThrow();
    await expectCalm();
    expect(await rows("SELECT object_key, reason, requested_by FROM deletions ORDER BY 1")).toEqual([
      { object_key: upload.object_key, reason: "abandoned", requested_by: "anonymous" },
      { object_key: "artifacts/code/1.zip", reason: "deleted", requested_by: "anonymous" },
    ]);
    expect(await rows("SELECT * FROM upload_parts")).toEqual([]);
  });

  it("takes one batch and one call to the bucket when nothing is", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const counting = withFaults(env);
    await createRegistry(counting.env).call("DELETE", "/artifacts/code/1");
    expect(counting.names).toEqual(["db.batch", "bucket.delete", "db.run"]);
  });

  it("leaves uploads of others, and single puts, as they are", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    await registry.register("code", "https://files.example.org/b.tar");
    await beginParts("2");
    await env.DB.prepare(
      `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, expires_at)
       VALUES (1, 'code', 'n', 1, '', 0, 'x', ?1)`,
    )
      .bind(LATER)
      .run();
    await registry.call("DELETE", "/artifacts/code/1");
    expect(await rows("SELECT artifact_id, purpose FROM uploads ORDER BY 1")).toEqual([
      { artifact_id: 1, purpose: "write" },
      { artifact_id: 2, purpose: "mirror" },
    ]);
  });

  it("leaves nothing of an upload that is completed at the same time, whoever is first", async () => {
    for (const order of ["complete first", "abort first", "together"]) {
      const id = await registry.register("code", `https://files.example.org/${order.replace(" ", "-")}.tar`);
      const upload = await beginParts(id);
      const complete = () => completing(upload).catch(() => undefined);
      const remove = () => registry.call("DELETE", `/artifacts/code/${id}`);
      if (order === "together") await Promise.all([complete(), remove()]);
      else for (const act of order === "complete first" ? [complete, remove] : [remove, complete]) await act();
      await expectCalm();
    }
  });

  it("that was deleted before the store's name of the upload could be written down is not written for", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const begun = await env.DB.prepare(
      `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, purpose, expires_at)
       VALUES (1, 'code', 'n', 0, '', 0, 'x', 'mirror', ?1) RETURNING id`,
    )
      .bind(LATER)
      .first<Upload>();
    await registry.call("DELETE", "/artifacts/code/1");
    expect(await recordMultipart(env.DB, begun?.id ?? 0, "m", LATER).first()).toBeNull();
  });
});

describe("an upload in parts", () => {
  it("that nobody finished is aborted by the sweep when it has expired, not before", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const upload = await beginParts("1");
    expect(await registry.sweep(LATER - 1)).toMatchObject({ uploadsGivenUp: 0 });
    expect(await registry.sweep(LATER)).toMatchObject({ uploadsGivenUp: 1, finished: 1 });
    await expect(completing(upload)).rejects.toThrow();
    expect(await unfinishedWork()).toEqual([]);
    expect(await objectKeys()).toEqual(["artifacts/code/1.zip"]);
  });

  it("stays doomed while the bucket cannot abort it, and its key is not deleted before", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const upload = await beginParts("1");
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket.abort/ });
    expect((await createRegistry(down.env).call("DELETE", "/artifacts/code/1")).status).toBe(500);
    expect(await unfinishedWork()).toHaveLength(2);
    expect((await registry.call("DELETE", "/artifacts/code/1")).status).toBe(200);
    await expect(completing(upload)).rejects.toThrow();
    await expectCalm();
  });

  it("is completed once, and found completed by whoever repeats it", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const upload = await beginParts("1");
    expect(await completing(upload)).toEqual({ size: 5 });
    expect(await completing(upload)).toEqual({ size: 5 });
    await abortMultipart(env.BUCKET, upload);
    expect(await objectKeys()).toContain(upload.object_key);
    await deleteBundles(env.BUCKET, [upload]);
    expect(await objectKeys()).not.toContain(upload.object_key);
  });

  it("takes no more parts once it was aborted, and aborting it again is no error", async () => {
    await registry.register("code", "https://files.example.org/a.tar");
    const upload = await beginParts("1");
    await deleteBundles(env.BUCKET, [upload]);
    await abortMultipart(env.BUCKET, upload);
    await expect(putPart(env.BUCKET, upload, 2, new Uint8Array(3))).rejects.toThrow();
    await env.DB.prepare("DELETE FROM uploads").run();
    expect(await writePart(env.DB, upload.id, { number: 2, etag: "x", size: 3 }).first()).toBeNull();
  });
});
