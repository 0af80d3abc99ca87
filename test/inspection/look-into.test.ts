/** What becomes of an upload that could not be looked into to the end. */

import { describe, expect, it } from "vitest";
import { lookInto } from "../../src/artifacts/uploads/slot.ts";
import type { Context } from "../../src/context.ts";
import { spreadZip } from "../zip/spread-zip.ts";

describe("an upload", () => {
  it("whose headers are more than can be read is refused: nobody compared them with its directory", async () => {
    const { read, size, reads } = spreadZip(9500, 3 * 1024 * 1024);
    const get = async (_: string, options: { range: { offset: number; length: number } }) => ({
      arrayBuffer: async () => (await read(options.range))?.slice().buffer,
    });
    const ctx = { blobs: { get } } as unknown as Context;
    const zip = { object_key: "artifacts/dataset/7.zip", size, digests: [], isVerified: true };
    const what = "too many files that lie too far apart for all of their headers to be checked";
    await expect(lookInto(ctx, { type: "dataset", id: 7, name: "photos" }, zip)).rejects.toMatchObject({
      code: "upload_refused",
      message: `Upload refused: bound_reached: ${what}`,
      extra: { findings: [{ code: "bound_reached", severity: "unknown", detail: what }] },
    });
    expect(reads()).toBe(9000);
  });
});
