/** Deployments with S3 credentials: large bodies go straight to and from the bucket. The signatures are aws4fetch's. */

import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createRegistry, rows } from "../harness.ts";
import { linkIn, NO_ARTIFACT, seen } from "./answers.ts";
import { modelZip, PART, reserveId, startParts, twoParts, uploadOne } from "./uploading.ts";

const S3 = {
  R2_S3_ENDPOINT: "https://account.r2.cloudflarestorage.com/model-registry/",
  R2_ACCESS_KEY_ID: "key",
  R2_SECRET_ACCESS_KEY: "secret",
};
const registry = createRegistry(S3);

/** What a link says, without its signature, which is another one every second. */
function readLink(text: string | null | undefined) {
  const url = new URL(text ?? "");
  const query = Object.fromEntries(url.searchParams);
  expect(query["X-Amz-Signature"]).toMatch(/^[0-9a-f]{64}$/);
  expect(query["X-Amz-Credential"]).toMatch(/^key\/\d{8}\/auto\/s3\/aws4_request$/);
  return { place: url.origin + url.pathname, query };
}

describe("a deployment with S3 credentials", () => {
  it("sends a download on to the bucket, by a link that lives for a minute", async () => {
    const id = await uploadOne("model", modelZip(), "Zéphyr 1");
    const link = linkIn(await registry.call("GET", `/artifacts/model/${id}`));
    const answer = await registry.call("GET", link);
    expect([answer.status, answer.text]).toEqual([307, ""]);
    expect(await rows("SELECT action FROM audit ORDER BY id")).toEqual([{ action: "CREATE" }, { action: "DOWNLOAD" }]);
    const { place, query } = readLink(answer.headers.get("Location"));
    expect(place).toBe("https://account.r2.cloudflarestorage.com/model-registry/artifacts/model/1-2.zip");
    expect(query).toMatchObject({
      "X-Amz-Expires": "60",
      "X-Amz-SignedHeaders": "host",
      "response-content-disposition": "attachment; filename=\"Z_phyr_1.zip\"; filename*=UTF-8''Z%C3%A9phyr%201.zip",
    });
  });

  it("answers itself what a client asks about what it has, and to HEAD", async () => {
    const id = await uploadOne();
    const link = linkIn(await registry.call("GET", `/artifacts/model/${id}`));
    expect((await registry.call("HEAD", link)).status).toBe(200);
    expect((await registry.call("GET", link, undefined, { "If-None-Match": "*" })).status).toBe(304);
  });

  it("gives no link to whom the signature does not let in, nor to what was deleted", async () => {
    const id = await uploadOne();
    const link = linkIn(await registry.call("GET", `/artifacts/model/${id}`));
    expect((await registry.call("GET", link.replace("signature=", "signature=x"))).status).toBe(403);
    await registry.call("DELETE", `/artifacts/model/${id}`);
    expect(seen(await registry.call("GET", link))).toEqual(NO_ARTIFACT);
  });

  it("says where in the bucket a part goes, and of which size alone", async () => {
    const path = await startParts(await reserveId(), twoParts());
    const answer = await registry.call("GET", `${path}/parts/2`);
    expect(answer.json).toMatchObject({ number: 2, size: 1234, expires_at: expect.any(String) });
    const { place, query } = readLink((answer.json as { url: string }).url);
    expect(place).toBe("https://account.r2.cloudflarestorage.com/model-registry/artifacts/model/1-2.zip");
    expect(query).toMatchObject({
      partNumber: "2",
      uploadId: expect.stringMatching(/./),
      "X-Amz-Expires": "3600",
      "X-Amz-SignedHeaders": "content-length;host",
    });
  });

  it("takes parts as large as the bucket does", async () => {
    const path = `/artifacts/model/${await reserveId()}/content/uploads`;
    const wanted = { size: 2 * 1024 ** 3, part_size: 1024 ** 3 };
    expect((await registry.call("POST", path, wanted)).json).toMatchObject({ part_count: 2 });
    expect((await createRegistry().call("POST", path, wanted)).status).toBe(400);
    expect(PART).toBeLessThan(wanted.part_size);
  });

  it.each(Object.keys(S3))("is a mistake without %s", (name) => {
    const { env } = createRegistry({ ...S3, [name]: "" });
    expect(() => readConfig(env)).toThrow("go together");
  });
});
