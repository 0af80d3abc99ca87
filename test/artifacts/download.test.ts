/** Downloads: the signed link, whole and in part, conditions, digests, names. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { signDownload } from "../../src/artifacts/links.ts";
import { createContext } from "../../src/context.ts";
import { createRegistry, rows } from "../harness.ts";
import { linkIn, NO_ARTIFACT, refusal, seen, source } from "../routes/answers.ts";

const registry = createRegistry();
const INVALID = refusal(403, "The download link is not valid.");

const app = createApp();

/** An answer with its bytes as they came. */
interface Download {
  status: number;
  headers: Headers;
  bytes: number[];
}

let link = "";
let bytes: number[] = [];
let etag = "";

async function get(headers: Record<string, string> = {}, method = "GET", bindings = registry.env): Promise<Download> {
  const execution = createExecutionContext();
  const request = new Request(`https://registry.test${link}`, { method, headers });
  const response = await app.fetch(request, bindings, execution);
  const body = new Uint8Array(await response.arrayBuffer());
  await waitOnExecutionContext(execution);
  return { status: response.status, headers: response.headers, bytes: [...body] };
}
const head = ({ status, headers }: Pick<Download, "status" | "headers">, ...names: string[]) => [
  status,
  ...names.map((name) => headers.get(name)),
];
const text = (download: Download) => new TextDecoder().decode(Uint8Array.from(download.bytes));

beforeEach(async () => {
  link = linkIn(await registry.call("POST", "/artifact/code", { url: source("x"), name: "x" }));
  const object = await env.BUCKET.get("artifacts/code/1.zip");
  bytes = [...new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())];
  etag = `"${(await rows<{ sha256: string }>("SELECT sha256 FROM artifacts"))[0]?.sha256}"`;
});

describe("a download", () => {
  it("is the whole zip, and says what it is in every way that clients ask", async () => {
    const answer = await get();
    expect(answer.bytes).toEqual(bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
    const base64 = btoa(String.fromCharCode(...digest));
    expect(
      head(answer, "Content-Type", "Content-Length", "ETag", "Repr-Digest", "Digest", "Accept-Ranges", "Cache-Control"),
    ).toEqual([
      200,
      "application/zip",
      String(bytes.length),
      etag,
      `sha-256=:${base64}:`,
      `sha-256=${base64}`,
      "bytes",
      "private, no-cache",
    ]);
    expect(etag).toBe(`"${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`);
    expect(answer.headers.get("Content-Range")).toBeNull();
  });

  it.each([
    ["bytes=0-3", 0, 4],
    ["bytes=1-1", 1, 2],
    ["bytes=4-", 4, undefined],
    ["bytes=-22", -22, undefined],
    ["bytes=-999999", 0, undefined],
    ["bytes=0-999999", 0, undefined],
  ])("of %s is that part", async (range, from, to) => {
    const start = from < 0 ? bytes.length + from : from;
    const end = to ?? bytes.length;
    const answer = await get({ Range: range });
    expect(answer.bytes).toEqual(bytes.slice(start, end));
    expect(head(answer, "Content-Range", "Content-Length", "ETag", "Content-Type")).toEqual([
      206,
      `bytes ${start}-${end - 1}/${bytes.length}`,
      String(end - start),
      etag,
      "application/zip",
    ]);
  });

  it.each(["bytes=0-1,3-4", "bytes=5-3", "bytes=a-b", "lines=0-1", "bytes=", "0-3"])(
    "of %s, which is no single range, is whole",
    async (range) => {
      const answer = await get({ Range: range });
      expect([answer.status, answer.bytes.length]).toEqual([200, bytes.length]);
      expect(answer.headers.get("Content-Range")).toBeNull();
    },
  );

  it("of a range behind the end is 416, with the size", async () => {
    for (const range of [`bytes=${bytes.length}-`, "bytes=999999-9999999", "bytes=-0"]) {
      const answer = await get({ Range: range });
      expect([answer.status, JSON.parse(text(answer))]).toEqual(
        refusal(416, "The requested range lies outside the bundle."),
      );
      expect(answer.headers.get("Content-Range")).toBe(`bytes */${bytes.length}`);
    }
  });

  it("in part holds only for the version that If-Range names", async () => {
    for (const [condition, status] of [
      [etag, 206],
      ['"other"', 200],
      [`W/${etag}`, 200],
      ["Mon, 01 Jan 2024 00:00:00 GMT", 200],
    ] as const) {
      const answer = await get({ Range: "bytes=0-3", "If-Range": condition });
      expect([answer.status, answer.bytes.length], condition).toEqual([status, status === 206 ? 4 : bytes.length]);
    }
    const beyond = await get({ Range: "bytes=999999-", "If-Range": '"other"' });
    expect([beyond.status, beyond.bytes.length]).toEqual([200, bytes.length]);
  });

  it("is 304 without a body for the version that the client has", async () => {
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, "*"]) {
      const answer = await get({ "If-None-Match": condition, Range: "bytes=0-3" });
      expect(answer.bytes).toEqual([]);
      expect(head(answer, "ETag", "Cache-Control", "Content-Length")).toEqual([304, etag, "private, no-cache", null]);
    }
    for (const condition of ['"other"', etag.slice(1, -1), ""]) {
      const answer = await get({ "If-None-Match": condition });
      expect([answer.status, answer.bytes.length], condition).toEqual([200, bytes.length]);
    }
  });

  it("to HEAD is everything but the bytes", async () => {
    const names = ["Content-Length", "ETag", "Repr-Digest", "Accept-Ranges", "Content-Disposition", "Content-Type"];
    const answer = await get({}, "HEAD");
    expect(answer.bytes).toEqual([]);
    expect(head(answer, ...names)).toEqual(head(await get(), ...names));
    expect(head(await get({ "If-None-Match": etag }, "HEAD"), "ETag")).toEqual([304, etag]);
    expect((await registry.call("HEAD", `${link}x`)).status).toBe(403);
  });

  it("to HEAD ignores Range, which RFC 9110 §14.2 defines for GET alone", async () => {
    const answer = await get({ Range: "bytes=0-3" }, "HEAD");
    expect(head(answer, "Content-Length", "Content-Range")).toEqual([200, String(bytes.length), null]);
  });

  it("is of the present version after an update, and the old tag fetches it anew", async () => {
    const body = { metadata: { name: "x", id: "1", type: "code" }, data: { url: source("y") } };
    await registry.call("PUT", "/artifacts/code/1", body);
    const answer = await get({ "If-None-Match": etag, Range: "bytes=4-", "If-Range": etag });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ETag")).not.toBe(etag);
  });

  it("that begins between the two steps of an update is of the new version, whole", async () => {
    let asked = 0;
    const bucket = {
      get: async (...args: Parameters<R2Bucket["get"]>) => {
        asked += 1;
        if (asked === 1) {
          const body = { metadata: { name: "x", id: "1", type: "code" }, data: { url: source("y") } };
          await registry.call("PUT", "/artifacts/code/1", body);
        }
        return env.BUCKET.get(...args);
      },
    } as unknown as R2Bucket;
    const answer = await get({}, "GET", { ...registry.env, BUCKET: bucket });
    const [row] = await rows<{ sha256: string; size: number }>("SELECT sha256, size FROM artifacts");
    expect([answer.status, answer.headers.get("ETag"), answer.bytes.length, asked]).toEqual([
      200,
      `"${row?.sha256}"`,
      row?.size,
      2,
    ]);
  });
});

describe("a download link", () => {
  const with_ = (change: (url: URL) => void) => {
    const url = new URL(link, "https://registry.test");
    change(url);
    return url.pathname + url.search;
  };

  const at = (path: string) => (url: URL) => {
    url.pathname = path;
  };
  it.each<[string, (url: URL) => void]>([
    ["no signature", (url) => url.searchParams.delete("signature")],
    ["no expiry", (url) => url.searchParams.delete("expires")],
    ["neither", (url) => ["signature", "expires"].map((key) => url.searchParams.delete(key))],
    ["an empty signature", (url) => url.searchParams.set("signature", "")],
    ["a signature cut short", (url) => url.searchParams.set("signature", "a".repeat(42))],
    ["another signature", (url) => url.searchParams.set("signature", "A".repeat(43))],
    ["a later expiry", (url) => url.searchParams.set("expires", "9999999999")],
    [
      "the expiry in another spelling",
      (url) => url.searchParams.set("expires", `0${url.searchParams.get("expires")}x`),
    ],
    ["a zero before the expiry", (url) => url.searchParams.set("expires", `0${url.searchParams.get("expires")}`)],
    ["a sign before the expiry", (url) => url.searchParams.set("expires", `+${url.searchParams.get("expires")}`)],
    ["a blank after the expiry", (url) => url.searchParams.set("expires", `${url.searchParams.get("expires")} `)],
    ["a fraction of a second", (url) => url.searchParams.set("expires", `${url.searchParams.get("expires")}.0`)],
    ["padding", (url) => url.searchParams.set("signature", `${url.searchParams.get("signature")}=`)],
    ["a second signature", (url) => url.searchParams.append("signature", url.searchParams.get("signature") ?? "")],
    ["a second expiry", (url) => url.searchParams.append("expires", url.searchParams.get("expires") ?? "")],
    ["an expiry of 16 digits", (url) => url.searchParams.set("expires", "9".repeat(16))],
    ["a negative expiry", (url) => url.searchParams.set("expires", "-1")],
    ["another id", at("/artifacts/code/2/download")],
    ["another type", at("/artifacts/model/1/download")],
  ])("with %s is 403, and nothing is looked up for it", async (_, change) => {
    await registry.register("code", source("second"));
    expect(seen(await registry.call("GET", with_(change)))).toEqual(INVALID);
  });

  it("has one spelling: no other last character is taken, though two bits of it say nothing", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const taken = [];
    for (const last of alphabet) {
      const { status } = await registry.call("GET", `${link.slice(0, -1)}${last}`);
      if (status !== 403) taken.push([last, status]);
    }
    expect(taken).toEqual([[link.at(-1), 200]]);
  });

  it("signed with another key is 403", async () => {
    expect(seen(await createRegistry({ SIGNING_KEY: "other" }).call("GET", link))).toEqual(INVALID);
  });

  it("works until its second, and is 410 from then on", async () => {
    const ctx = createContext(registry.env, { actor: { kind: "anonymous" }, requestId: "t", waitUntil: () => {} });
    const now = Date.now();
    const ttl = ctx.config.downloadTtlSeconds * 1000;
    const signedAt = async (at: number) => {
      const url = await signDownload({ ...ctx, now: () => at }, { type: "code", id: 1 }, "https://registry.test");
      return (url ?? "").replace("https://registry.test", "");
    };
    expect((await registry.call("GET", await signedAt(now - ttl + 30_000))).status).toBe(200);
    const gone = refusal(410, "The download link has expired.");
    expect(seen(await registry.call("GET", await signedAt(now - ttl - 1000)))).toEqual(gone);
    expect(seen(await registry.call("HEAD", await signedAt(now - ttl - 1000)))[0]).toBe(410);
    // an expired link tells nothing of whether the artifact is still there
    await registry.call("DELETE", "/artifacts/code/1");
    expect(seen(await registry.call("GET", await signedAt(now - ttl - 1000)))).toEqual(gone);
    expect(seen(await registry.call("GET", link))).toEqual(NO_ARTIFACT);
  });

  it("is not written to the log", async () => {
    const log = vi.spyOn(console, "info").mockImplementation(() => {});
    await get();
    expect(log.mock.calls.join()).not.toContain(new URL(link, "https://registry.test").searchParams.get("signature"));
  });
});
