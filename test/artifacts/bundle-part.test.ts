/** A part of a bundle as a zip of its own. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { createRegistry, rows } from "../harness.ts";
import { linkIn, refusal, source } from "../routes/answers.ts";
import { bytesOf, counting, type Given, keepFiles } from "../zip/kept.ts";
import { readZip } from "../zip/read-zip.ts";

const registry = createRegistry();
const app = createApp();

const FILES: Given[] = [
  { path: "README.md", bytes: bytesOf("# A model\n") },
  { path: "LICENSE", bytes: bytesOf("MIT") },
  { path: "config.json", bytes: bytesOf("{}") },
  { path: "model.safetensors", bytes: counting(300_000) },
  { path: "onnx/model.onnx", bytes: counting(200_000), deflated: true },
  { path: "onnx/empty.onnx", bytes: bytesOf("") },
  { path: "train.py", bytes: bytesOf("pass") },
];
let link = "";

async function get(query: string, headers: Record<string, string> = {}, method = "GET", bindings = registry.env) {
  const execution = createExecutionContext();
  const request = new Request(`https://registry.test${link}${query}`, { method, headers });
  const response = await app.fetch(request, bindings, execution);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await waitOnExecutionContext(execution);
  return { status: response.status, headers: response.headers, bytes };
}
const json = ({ bytes }: { bytes: Uint8Array }) => JSON.parse(new TextDecoder().decode(bytes));

beforeEach(async () => {
  const id = await registry.register("code", source("x"), "My model");
  await keepFiles(id, FILES);
  link = linkIn(await registry.call("GET", `/artifacts/code/${id}`));
});

describe("a part of a bundle", () => {
  it.each([
    ["weights", ["model.safetensors", "onnx/empty.onnx", "onnx/model.onnx"]],
    ["config", ["config.json"]],
    ["card", ["LICENSE", "README.md"]],
  ])("of the %s is a zip of just those files, stored, and as long as it says", async (part, paths) => {
    const answer = await get(`&part=${part}`);
    expect([answer.status, answer.headers.get("Content-Length")]).toEqual([200, String(answer.bytes.length)]);
    expect(answer.headers.get("Content-Type")).toBe("application/zip");
    expect(answer.headers.get("Content-Disposition")).toBe(
      `attachment; filename="My_model-${part}.zip"; filename*=UTF-8''My%20model-${part}.zip`,
    );
    const entries = readZip(answer.bytes);
    expect(entries.map(({ path }) => path)).toEqual(paths);
    for (const { path, bytes } of entries) expect(bytes, path).toEqual(FILES.find((file) => file.path === path)?.bytes);
  });

  it("has a tag of its own, a HEAD, and no ranges", async () => {
    const whole = await get("&part=weights", { Range: "bytes=0-3" });
    const [row] = await rows<{ sha256: string }>("SELECT sha256 FROM artifacts");
    const tag = `"${row?.sha256}-weights"`;
    expect([whole.status, whole.headers.get("ETag"), whole.headers.get("Accept-Ranges")]).toEqual([200, tag, "none"]);
    const head = await get("&part=weights", {}, "HEAD");
    expect([head.status, head.bytes.length, head.headers.get("Content-Length")]).toEqual([
      200,
      0,
      String(whole.bytes.length),
    ]);
    expect((await get("&part=weights", { "If-None-Match": tag })).status).toBe(304);
    expect((await get("&part=config", { "If-None-Match": tag })).status).toBe(200);
  });

  it("that the bundle has nothing of is 404; that is none is 400; without the link it is 403", async () => {
    const id = await registry.register("code", source("y"), "y");
    await keepFiles(id, [{ path: "train.py", bytes: bytesOf("pass") }]);
    link = linkIn(await registry.call("GET", `/artifacts/code/${id}`));
    const none = await get("&part=weights");
    expect([none.status, json(none)]).toEqual(refusal(404, "The bundle has no weights."));
    expect((await get("&part=code")).status).toBe(400);
    expect((await get("x&part=weights")).status).toBe(403);
  });

  it("of a bundle found unsafe is refused, and so is the whole of it", async () => {
    await keepFiles("1", FILES, { verdict: "unsafe" });
    for (const part of ["&part=card", ""]) {
      const answer = await get(part);
      expect([answer.status, json(answer)]).toEqual(
        refusal(403, "The inspection of this artifact found it unsafe: its files are not handed out."),
      );
    }
  });

  it("of more files than one answer can be made of is refused, clearly", async () => {
    const many = Array.from({ length: 901 }, (_, i) => ({
      path: `w-${i}.bin`,
      bytes: bytesOf("w"),
      digestUnknown: true,
    }));
    await keepFiles("1", many);
    const answer = await get("&part=weights");
    expect([answer.status, json(answer)]).toEqual(
      refusal(400, "The bundle has too many files for a part of it: fetch them by their paths."),
    );
    await keepFiles("1", many.slice(1));
    expect(readZip((await get("&part=weights")).bytes).length).toBe(900);
  });

  it("whose object is missing is a 500; one that goes away in between breaks off", async () => {
    const [row] = await rows<{ object_key: string }>("SELECT object_key FROM artifacts");
    const key = row?.object_key ?? "";
    let asked = 0;
    const BUCKET = {
      get: async (...args: Parameters<R2Bucket["get"]>) => {
        asked += 1;
        if (asked === 2) await env.BUCKET.delete(key);
        return env.BUCKET.get(...args);
      },
    } as unknown as R2Bucket;
    await expect(get("&part=weights", {}, "GET", { ...registry.env, BUCKET })).rejects.toThrow();
    const answer = await get("&part=weights");
    expect([answer.status, json(answer)]).toEqual(refusal(500, "Internal server error."));
  });
});
