/** Archives with some bytes changed: whatever they are then, there is a verdict, and soon. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { deflated, join, makeZip, readerOf, seeded, u64 } from "../zip/make-zip.ts";
import { harmlessByProtocol, systemByProtocol, torchPickle } from "./make-pickle.ts";

const SAFETENSORS = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
const safetensors = join(u64(SAFETENSORS.length), SAFETENSORS, new Uint8Array(8));

async function sample(pickle: Uint8Array): Promise<Uint8Array> {
  const torch = makeZip([
    { name: "m/data.pkl", data: pickle, descriptor: "signed" },
    { name: "m/version", data: "3" },
    { name: "m/data/0", data: new Uint8Array(16) },
  ]);
  return makeZip(
    [
      { name: "README.md", data: "# Model" },
      { name: "d/" },
      { name: "d/model.bin", data: torch },
      { name: "model.safetensors", data: safetensors, descriptor: "wide" },
      await deflated("x.pkl", harmlessByProtocol[4] ?? ""),
      await deflated("config.json", "{}".padEnd(500)),
    ],
    { zip64: true, comment: "a comment" },
  );
}

const reading = (bytes: Uint8Array) => {
  let reads = 0;
  const read = readerOf(bytes);
  return {
    read: (range: { offset: number; length: number }) => {
      reads += 1;
      // a range that no sane reader asks for
      if (range.offset < 0 || range.length <= 0 || !Number.isSafeInteger(range.offset + range.length)) {
        throw new Error(`asked for ${range.length} bytes at ${range.offset}`);
      }
      return read(range);
    },
    reads: () => reads,
  };
};

describe("an archive that was changed", () => {
  it("in any one byte gets a verdict; the original is safe", async () => {
    const original = await sample(torchPickle);
    expect((await inspectZip(readerOf(original), original.length)).findings).toEqual([]);
    const verdicts = { safe: 0, unsafe: 0, unknown: 0 };
    for (let at = 0; at < original.length; at += 1) {
      for (const value of [0, 0xff, (original[at] ?? 0) ^ 1, (original[at] ?? 0) ^ 0x80]) {
        const changed = original.slice();
        changed[at] = value;
        const { read, reads } = reading(changed);
        verdicts[(await inspectZip(read, changed.length)).verdict] += 1;
        expect(reads()).toBeLessThan(60);
      }
    }
    // dates, versions, text and weights may be anything; headers may not
    expect(verdicts.unsafe).toBeGreaterThan(verdicts.safe / 4);
    expect(verdicts.unknown).toBeGreaterThan(0);
  });

  it("in several bytes, cut, doubled or joined gets a verdict", async () => {
    const original = await sample(torchPickle);
    const random = seeded(5);
    for (let round = 0; round < 1500; round += 1) {
      let changed = original.slice();
      for (let count = random(6); count > 0; count -= 1) changed[random(changed.length)] = random(256);
      const kind = random(4);
      if (kind === 1) changed = changed.slice(0, random(changed.length));
      if (kind === 2) changed = changed.slice(random(changed.length));
      if (kind === 3) changed = join(changed.slice(0, random(changed.length)), changed.slice(random(changed.length)));
      const { read, reads } = reading(changed);
      expect(["safe", "unsafe", "unknown"]).toContain((await inspectZip(read, changed.length)).verdict);
      expect(reads()).toBeLessThan(60);
    }
  });

  it("is not made safe by a change outside of what is dangerous in it", async () => {
    const original = await sample(systemByProtocol[2] ?? new Uint8Array());
    const needle = new TextEncoder().encode("cposix\nsystem\n");
    const at = original.findIndex((_, index) => needle.every((byte, offset) => original[index + offset] === byte));
    const random = seeded(9);
    for (let round = 0; round < 500; round += 1) {
      const changed = original.slice();
      const place = random(changed.length);
      if (place >= at - 100 && place < at + 40) continue;
      changed[place] = random(256);
      expect((await inspectZip(readerOf(changed), changed.length)).verdict).toBe("unsafe");
    }
  });

  it("into noise gets a verdict, as a pickle and as everything else", async () => {
    const random = seeded(13);
    for (let round = 0; round < 300; round += 1) {
      const noise = Uint8Array.from({ length: 1 + random(300) }, () => random(256));
      const names = ["x.pkl", "x.pt", "x.npy", "x.safetensors", "x.onnx", "x.keras", "x.h5", "x.zip", "x"];
      const zip = makeZip(names.map((name) => ({ name, data: noise })));
      const { read, reads } = reading(zip);
      expect((await inspectZip(read, zip.length)).verdict).toMatch(/^(?:unsafe|unknown)$/);
      expect(reads()).toBeLessThan(100);
    }
  });
});
