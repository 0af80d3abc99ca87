import { afterEach, describe, expect, it, vi } from "vitest";
import { type SafeRequest, safeFetch, UpstreamError } from "../../src/sources/safe-fetch.ts";
import { answerWith, redirect } from "./answers.ts";

const HOSTS = { origins: ["https://hub.example.org"], suffixes: ["cdn.example.org"] };

function get(more: Partial<SafeRequest> = {}) {
  return safeFetch({ url: "https://hub.example.org/a", maxBytes: 1000, hosts: HOSTS, ...more });
}

async function kindOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof UpstreamError ? error.kind : `no UpstreamError: ${String(error)}`;
}

/** A body of the given parts; `end` closes, breaks or leaves it open. */
function body(parts: string[], end: "close" | "break" | "hang" = "close", onCancel = () => {}): ReadableStream {
  const queue = parts.map((part) => new TextEncoder().encode(part));
  return new ReadableStream({
    pull(controller) {
      const next = queue.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (end === "close") controller.close();
      else if (end === "break") controller.error(new Error("connection lost"));
      else return new Promise<void>(() => {});
      return undefined;
    },
    cancel: onCancel,
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("an answer", () => {
  it("is returned whatever its status", async () => {
    answerWith({ "https://hub.example.org/a": new Response("gone", { status: 410 }) });
    const answer = await get();
    expect(answer).toMatchObject({ status: 410, url: "https://hub.example.org/a" });
    expect(new TextDecoder().decode(answer.bytes)).toBe("gone");
  });

  it("of 304 is no redirect", async () => {
    answerWith({ "https://hub.example.org/a": new Response(null, { status: 304, headers: { Location: "/b" } }) });
    expect((await get()).status).toBe(304);
  });

  it("names us, and nothing else that we did not say", async () => {
    const asked = answerWith({ "https://hub.example.org/a": new Response("") });
    await get();
    expect([...(asked[0]?.headers.keys() ?? [])]).toEqual(["user-agent"]);
  });
});

describe("a redirect", () => {
  it("is followed within the list, to the last answer", async () => {
    answerWith({
      "https://hub.example.org/a": redirect("/b", 307),
      "https://hub.example.org/b": redirect("https://eu.cdn.example.org/c?sig=1"),
      "https://eu.cdn.example.org/c?sig=1": new Response("here"),
    });
    expect((await get()).url).toBe("https://eu.cdn.example.org/c?sig=1");
  });

  it("to another origin loses the credential for good", async () => {
    const asked = answerWith({
      "https://hub.example.org/a": redirect("https://hub.example.org/b"),
      "https://hub.example.org/b": redirect("https://cdn.example.org/c"),
      "https://cdn.example.org/c": redirect("https://hub.example.org/d"),
      "https://hub.example.org/d": new Response("here"),
    });
    await get({ headers: { authorization: "Bearer secret" } });
    expect(asked.map((request) => request.headers.get("Authorization"))).toEqual([
      "Bearer secret",
      "Bearer secret",
      null,
      null,
    ]);
  });

  it.each([
    "https://evil.org/",
    "https://cdn.example.org.evil.org/",
    "https://evilcdn.example.org/",
    "http://hub.example.org/b",
    "http://cdn.example.org/b",
    "https://cdn.example.org:8443/b",
    "https://u:p@hub.example.org/b",
    "https://cdn.example.org./b",
    "https://127.0.0.1/",
    "https://[::1]/",
    "file:///etc/passwd",
    "https://",
  ])("to %s is refused", async (location) => {
    const asked = answerWith({ "https://hub.example.org/a": redirect(location) });
    expect(await kindOf(get())).toBe("refused_redirect");
    expect(asked).toHaveLength(1);
  });

  it("is followed three times and no more", async () => {
    const hop = (n: number) => ({ [`https://hub.example.org/${n}`]: redirect(`/${n + 1}`) });
    answerWith({ ...hop(1), ...hop(2), ...hop(3), "https://hub.example.org/4": new Response("here") });
    expect((await get({ url: "https://hub.example.org/1" })).status).toBe(200);
    answerWith({ ...hop(1), ...hop(2), ...hop(3), ...hop(4) });
    expect(await kindOf(get({ url: "https://hub.example.org/1" }))).toBe("refused_redirect");
  });

  it("of a POST is refused", async () => {
    answerWith({ "POST https://hub.example.org/a": redirect("/b", 307) });
    expect(await kindOf(get({ method: "POST", body: "{}" }))).toBe("refused_redirect");
  });
});

describe("the first address", () => {
  it("may be http only as the configured origin itself", async () => {
    answerWith({ "http://127.0.0.1:9000/a": new Response("here") });
    const hosts = { origins: ["http://127.0.0.1:9000"], suffixes: [] };
    expect((await get({ url: "http://127.0.0.1:9000/a", hosts })).status).toBe(200);
    expect(await kindOf(get({ url: "http://127.0.0.1:9001/a", hosts }))).toBe("network");
  });

  it("may be any public host for HEAD alone", async () => {
    const asked = answerWith({
      "HEAD https://somewhere.org/x": new Response(null, { headers: { "Content-Length": "9" } }),
    });
    const somewhere = { url: "https://somewhere.org/x", hosts: { anyPublic: true } };
    expect((await get({ ...somewhere, method: "HEAD" })).status).toBe(200);
    expect(await kindOf(get(somewhere))).toBe("network");
    expect(await kindOf(get({ ...somewhere, method: "HEAD", url: "https://printer.local/" }))).toBe("network");
    expect(asked).toHaveLength(1);
  });
});

describe("the size of a body", () => {
  it("is refused when it is announced as too large", async () => {
    const cancelled = vi.fn();
    const huge = () => new Response(body(["x"], "hang", cancelled), { headers: { "Content-Length": "1001" } });
    answerWith({ "https://hub.example.org/a": huge });
    expect(await kindOf(get())).toBe("too_large");
    expect(cancelled).toHaveBeenCalled();
  });

  it("is refused when it turns out too large, without reading on", async () => {
    const cancelled = vi.fn();
    answerWith({
      "https://hub.example.org/a": () => new Response(body(["x".repeat(600), "x".repeat(600)], "hang", cancelled)),
    });
    expect(await kindOf(get())).toBe("too_large");
    expect(cancelled).toHaveBeenCalled();
  });

  it("may be exactly the cap", async () => {
    answerWith({ "https://hub.example.org/a": () => new Response(body(["x".repeat(500), "x".repeat(500)])) });
    expect((await get()).bytes.byteLength).toBe(1000);
  });

  it("that falls short of the announced one is a failure", async () => {
    answerWith({
      "https://hub.example.org/a": () => new Response(body(["half"]), { headers: { "Content-Length": "8" } }),
    });
    expect(await kindOf(get())).toBe("network");
  });

  it("is not compared when the body was compressed", async () => {
    const headers = { "Content-Length": "4", "Content-Encoding": "gzip" };
    const spy = vi.spyOn(globalThis, "fetch");
    // as the runtime hands it over: decoded already, the headers those of the wire
    spy.mockImplementation(
      async () => ({ status: 200, headers: new Headers(headers), body: body(["decoded"]) }) as Response,
    );
    expect((await get()).bytes.byteLength).toBe(7);
  });

  it("that breaks off is a failure", async () => {
    answerWith({ "https://hub.example.org/a": () => new Response(body(["half"], "break")) });
    expect(await kindOf(get())).toBe("network");
  });
});

describe("time", () => {
  it("runs out while nothing answers", async () => {
    answerWith({ "https://hub.example.org/a": () => new Promise(() => {}) });
    expect(await kindOf(get({ timeoutMs: 20 }))).toBe("timeout");
  });

  it("runs out while a body drips", async () => {
    const cancelled = vi.fn();
    answerWith({ "https://hub.example.org/a": () => new Response(body(["x"], "hang", cancelled)) });
    expect(await kindOf(get({ timeoutMs: 20 }))).toBe("timeout");
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalled());
  });

  it("ends when the caller gives up, before or during the call", async () => {
    const asked = answerWith({ "https://hub.example.org/a": () => new Promise(() => {}) });
    expect(await kindOf(get({ signal: AbortSignal.abort() }))).toBe("cancelled");
    expect(asked).toHaveLength(0);
    const controller = new AbortController();
    const call = get({ signal: controller.signal });
    setTimeout(() => controller.abort(), 10);
    expect(await kindOf(call)).toBe("cancelled");
  });
});

describe("a connection that is lost before an answer begins", () => {
  const LOST = () => Promise.reject(new Error("Network connection lost."));

  it.each(["GET", "HEAD"] as const)("is made again, once, for a %s", async (method) => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementationOnce(LOST);
    fetched.mockImplementationOnce(async () => new Response(method === "HEAD" ? null : "here"));
    const answer = await get({ method });
    expect([answer.status, answer.bytes.length, fetched.mock.calls.length]).toEqual([
      200,
      method === "HEAD" ? 0 : 4,
      2,
    ]);
    fetched.mockReset().mockImplementation(LOST);
    expect(await kindOf(get({ method }))).toBe("network");
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("is made again after a redirect, with the headers that this hop is sent", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    fetched.mockImplementationOnce(async () => redirect("https://cdn.example.org/b"));
    fetched.mockImplementationOnce(LOST);
    fetched.mockImplementationOnce(async () => new Response("here"));
    expect((await get({ headers: { Authorization: "Bearer secret" } })).url).toBe("https://cdn.example.org/b");
    expect(fetched.mock.calls.map(([url]) => url)).toEqual([
      "https://hub.example.org/a",
      "https://cdn.example.org/b",
      "https://cdn.example.org/b",
    ]);
    for (const [, init] of fetched.mock.calls.slice(1)) {
      expect(new Headers(init?.headers).has("Authorization")).toBe(false);
    }
  });

  it("is not made again for a POST, nor after the time is up or the caller has gone", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(LOST);
    expect(await kindOf(get({ method: "POST", body: "{}" }))).toBe("network");
    expect(fetched).toHaveBeenCalledTimes(1);
    const controller = new AbortController();
    fetched.mockReset().mockImplementation(() => {
      controller.abort();
      return LOST();
    });
    expect(await kindOf(get({ signal: controller.signal }))).toBe("cancelled");
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("in the middle of a body is not: what came may have been used", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(body(["x"], "break")));
    expect(await kindOf(get())).toBe("network");
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

it("says what failed without the query, the token or the inner error", async () => {
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("failed for Bearer secret"));
  const call = get({ url: "https://hub.example.org/a?token=secret", headers: { Authorization: "Bearer secret" } });
  await expect(call).rejects.toThrow(/^GET hub\.example\.org\/a failed$/);
});
