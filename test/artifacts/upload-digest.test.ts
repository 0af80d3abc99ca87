/** Uploads are read through once before they are let in: every file has the checksum that the zip says, or none is kept. */

import { describe, expect, it } from "vitest";
import { INSPECTION_RULES } from "../../src/inspection/findings.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import {
  CARD,
  hexOf,
  modelZip,
  partOf,
  putParts,
  reserveId,
  startParts,
  uploadOne,
  zipOf,
} from "../routes/uploading.ts";
import { deflated, type Made, makeZip } from "../zip/make-zip.ts";

const registry = createRegistry();
const put = (id: string, zip: Uint8Array, headers: Record<string, string> = {}) =>
  registry.call("PUT", `/artifacts/model/${id}/content`, zip, headers);
const inParts = async (id: string, zip: Uint8Array, completion: unknown = {}) => {
  const path = await startParts(id, zip);
  await putParts(path, zip);
  return registry.call("POST", `${path}/complete`, completion);
};
const README: Made = { name: "README.md", data: CARD };
const WRONG: Made = { name: "config.json", data: '{"model_type":"zephyr"}', both: { crc: 7 } };
const corrupt = async () => makeZip([README, WRONG]);
const corruptDeflated = async () =>
  makeZip([README, { ...(await deflated("data.txt", "words ".repeat(100_000))), both: { crc: 7 } }]);
/** Says that it inflates to more than is taken; large enough to be no bomb. */
const tooDeep = () =>
  makeZip([{ name: "w.bin", data: new Uint8Array(21_000_000), method: 8, both: { size: 4_000_000_001 } }]);
const digestOf = async (id: string) =>
  (await rows<{ sha256: string }>("SELECT sha256 FROM artifacts WHERE id = ?1", Number(id)))[0]?.sha256;
const filesOf = async () =>
  (await rows<{ entries: string }>("SELECT entries FROM bundle_index")).flatMap(({ entries }) => JSON.parse(entries));
const expectNothingKept = async () => {
  expect(await objectKeys()).toEqual([]);
  expect(await brokenInvariants()).toEqual([]);
  expect(await rows("SELECT id FROM uploads WHERE purpose <> 'reservation'")).toEqual([]);
};

describe.each([
  ["in one request", put],
  ["in parts", inParts],
])("an upload %s", (_, send) => {
  it.each([
    ["stored", corrupt, "config.json"],
    ["deflated", corruptDeflated, "data.txt"],
  ])("with a file that does not have its checksum, %s, is refused and gone", async (_how, make, path) => {
    const { status, json, headers } = await send(await reserveId(), await make());
    const detail = "bytes that do not have its checksum";
    expect([status, json]).toEqual([
      400,
      {
        detail: `Upload refused: content_corrupt: ${detail} (${path})`,
        findings: [{ code: "content_corrupt", severity: "unsafe", path, detail }],
      },
    ]);
    expect(headers.get("Content-Type")).toContain("json");
    await expectNothingKept();
  });

  it("in place of other content that is refused leaves that whole", async () => {
    const zip = modelZip("before");
    const id = await uploadOne("model", zip);
    expect((await send(id, await corrupt())).status).toBe(400);
    expect(await digestOf(id)).toBe(await hexOf(zip));
    expect((await registry.call("GET", `/artifacts/model/${id}/files/config.json`)).status).toBe(200);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("that inflates to more than is taken is 413, with what to do, and gone", async () => {
    const { status, text } = await send(await reserveId(), tooDeep());
    expect([status, text]).toEqual([413, expect.stringContaining("Store weights without compression (zip -0)")]);
    await expectNothingKept();
  });

  it("has the digest of each of its files in its index", async () => {
    const noise = Uint8Array.from({ length: 1000 }, (_byte, at) => (at * 7919) % 256);
    const zip = makeZip([
      README,
      await deflated("d/table.csv", "1,2,3\n".repeat(1000)),
      { name: "w.bin", data: noise },
      { name: "d/" },
    ]);
    expect((await send(await reserveId(), zip)).status).toBe(201);
    expect(await filesOf()).toMatchObject([
      { path: "README.md", sha256: await hexOf(new TextEncoder().encode(CARD)), text: true },
      { path: "d/table.csv", sha256: await hexOf(new TextEncoder().encode("1,2,3\n".repeat(1000))), text: true },
      { path: "w.bin", sha256: await hexOf(noise), text: false },
    ]);
    expect(await rows("SELECT rules FROM inspections")).toEqual([{ rules: INSPECTION_RULES }]);
    const { json } = await registry.call("GET", "/artifacts/model/1/files");
    expect(json).toMatchObject([{ sha256: await hexOf(new TextEncoder().encode(CARD)) }, {}, {}]);
  });
});

describe("an upload in parts", () => {
  it("that was broken on the way is told so, not what the breakage looks like", async () => {
    const zip = modelZip();
    const id = await reserveId();
    const path = await startParts(id, zip);
    const broken = zip.slice();
    broken.fill(0, 0, 4);
    await registry.call("PUT", `${path}/parts/1`, partOf(broken, 1));
    const { status, json } = await registry.call("POST", `${path}/complete`, { sha256: await hexOf(zip) });
    expect([status, json]).toEqual([400, { detail: "The content does not have the digest that was sent with it." }]);
    await expectNothingKept();
  });

  it("is corrupt where its own checksums say so, if nobody said what it should be", async () => {
    const zip = zipOf({ "README.md": CARD });
    const broken = zip.slice();
    broken[60] = (broken[60] ?? 0) ^ 1;
    const { status, json } = await inParts(await reserveId(), broken);
    expect([status, json]).toMatchObject([400, { findings: [{ code: "content_corrupt", path: "README.md" }] }]);
    await expectNothingKept();
  });
});
