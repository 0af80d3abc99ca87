import { afterEach, describe, expect, it, vi } from "vitest";
import { gitHubCommit, openGitHubArchive, openHubFile, PERMANENT } from "../../src/sources/contents.ts";
import { UpstreamError } from "../../src/sources/safe-fetch.ts";
import { safeStream } from "../../src/sources/safe-stream.ts";
import { type Answer, answerWith, redirect, upstream } from "./answers.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const FILE = { path: "model.safetensors", size: 10 };
const URL_OF_FILE = "https://huggingface.co/acme-labs/aster/resolve/c0ffee/model.safetensors";
const CDN = "https://cas-bridge.xethub.hf.co/xet-bridge-us/1234?signature=s3cret";
const BYTES = "0123456789";

const textOf = async (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

/** How reading a stretch of the file ends: its text, or the kind of the failure. */
async function read(answer: Answer, stretch = { offset: 2, length: 5 }, more = {}): Promise<string> {
  answerWith({ [URL_OF_FILE]: answer });
  return outcome(
    openHubFile(upstream(more), { kind: "models", id: "acme-labs/aster" }, "c0ffee", FILE, stretch).then(textOf),
  );
}

async function outcome(work: Promise<string>): Promise<string> {
  try {
    return await work;
  } catch (error) {
    return error instanceof UpstreamError ? `! ${error.kind}` : `no UpstreamError: ${String(error)}`;
  }
}

const part = (from: number, to: number, text = BYTES.slice(from, to + 1), whole: number | string = 10) =>
  new Response(text, { status: 206, headers: { "Content-Range": `bytes ${from}-${to}/${whole}` } });

/** A body of some chunks, which then ends, breaks, or says nothing any more. */
function body(chunks: string[], end: "close" | "break" | "hang", onCancel = () => {}): ReadableStream {
  const queue = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = queue.shift();
      if (next !== undefined) return controller.enqueue(new TextEncoder().encode(next));
      if (end === "close") return controller.close();
      if (end === "break") return controller.error(new Error("connection lost"));
      return new Promise<void>(() => {});
    },
    cancel: onCancel,
  });
}

describe("a stretch of a file of the hub", () => {
  it("is asked for by range, and of the whole file without one", async () => {
    expect(await read(() => part(2, 6))).toBe("23456");
    const asked = answerWith({ [URL_OF_FILE]: new Response(BYTES) });
    const whole = { offset: 0, length: 10 };
    const repository = { kind: "models", id: "acme-labs/aster" } as const;
    expect(await textOf(await openHubFile(upstream(), repository, "c0ffee", FILE, whole))).toBe(BYTES);
    expect(asked[0]?.headers.has("Range")).toBe(false);
    expect(asked[0]?.headers.get("Accept-Encoding")).toBe("identity");
  });

  it.each<[string, Answer, string]>([
    ["another stretch", () => part(3, 7), "! changed"],
    ["no word on which stretch", () => new Response("23456", { status: 206 }), "! changed"],
    ["a stretch of a file of another size", () => part(2, 6, "23456", 11), "! changed"],
    ["a stretch of a file whose size it does not say", () => part(2, 6, "23456", "*"), "23456"],
    ["too few bytes", () => part(2, 6, "2345"), "! network"],
    ["too many bytes", () => part(2, 6, "234567"), "! changed"],
    ["the whole file", () => new Response(BYTES), "23456"],
    [
      "a whole file of another size",
      () => new Response(`${BYTES}0`, { headers: { "Content-Length": "11" } }),
      "! too_large",
    ],
    ["a whole file that is shorter", () => new Response("012", { headers: { "Content-Length": "3" } }), "! changed"],
    ["a whole file that ends early", () => new Response(body(["012345"], "close")), "! network"],
    ["a file that breaks off", () => new Response(body(["01", "23"], "break")), "! network"],
    ["that there is no such stretch", () => new Response(null, { status: 416 }), "! changed"],
    ["that there is no such file", () => new Response("", { status: 404 }), "! missing"],
    ["that a token is needed", () => new Response("", { status: 401 }), "! missing"],
    ["that it is asked too often", () => new Response("", { status: 429 }), "! network"],
    ["that it is out of order", () => new Response("", { status: 500 }), "! network"],
    ["the way into a private network", () => redirect("http://169.254.169.254/latest"), "! refused_redirect"],
    ["the way to a stranger", () => redirect("https://huggingface.co.example.org/x"), "! refused_redirect"],
  ])("that is answered with %s", async (_, answer, expected) => {
    expect(await read(answer)).toBe(expected);
  });

  it("follows the way to the content network, and leaves the token behind", async () => {
    const asked = answerWith({ [URL_OF_FILE]: redirect(CDN), [CDN]: () => part(2, 6) });
    const repository = { kind: "models", id: "acme-labs/aster" } as const;
    const stretch = { offset: 2, length: 5 };
    const stream = await openHubFile(upstream({ hfToken: "hf_secret" }), repository, "c0ffee", FILE, stretch);
    expect(await textOf(stream)).toBe("23456");
    expect(asked.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer hf_secret", null]);
    expect(asked.map(({ headers }) => headers.get("Range"))).toEqual(["bytes=2-6", "bytes=2-6"]);
  });

  it("of a dataset is asked for among the datasets", async () => {
    const asked = answerWith({});
    const repository = { kind: "datasets", id: "acme-labs/atlas" } as const;
    const file = { path: "data/train 1.parquet", size: 3 };
    await outcome(openHubFile(upstream(), repository, "main", file, { offset: 0, length: 3 }).then(textOf));
    expect(asked[0]?.url).toBe("https://huggingface.co/datasets/acme-labs/atlas/resolve/main/data/train%201.parquet");
  });

  it("lets go of the rest of a file that nobody wants", async () => {
    const cancelled = vi.fn();
    expect(await read(() => new Response(body(["0123", "4567", "89"], "hang", cancelled)))).toBe("23456");
    expect(cancelled).toHaveBeenCalled();
  });
});

describe("a streamed answer", () => {
  const request = { url: "https://hub.example.org/a", maxBytes: 100, hosts: { origins: ["https://hub.example.org"] } };

  it("that says nothing any more is given up, and its connection let go", async () => {
    const cancelled = vi.fn();
    answerWith({ "https://hub.example.org/a": () => new Response(body(["a"], "hang", cancelled)) });
    const stream = await safeStream({ ...request, idleMs: 20 });
    expect(await outcome(textOf(stream.body))).toBe("! timeout");
    expect(cancelled).toHaveBeenCalled();
  });

  it("that does not begin is given up", async () => {
    answerWith({ "https://hub.example.org/a": () => new Promise<Response>(() => {}) });
    expect(await outcome(safeStream({ ...request, idleMs: 20 }).then(({ body: text }) => textOf(text)))).toBe(
      "! timeout",
    );
  });

  it("of many small chunks, each in time, may take as long as it wants", async () => {
    const slow = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(new Uint8Array(10));
        this.left -= 1;
        if (this.left === 0) controller.close();
      },
      left: 10,
    } as UnderlyingSource & { left: number });
    answerWith({ "https://hub.example.org/a": () => new Response(slow) });
    const stream = await safeStream({ ...request, idleMs: 10_000 });
    expect((await textOf(stream.body)).length).toBe(100);
  });

  it("of more bytes than allowed ends with an error, announced or not", async () => {
    answerWith({ "https://hub.example.org/a": () => new Response("x".repeat(101)) });
    expect(await outcome(safeStream(request).then((stream) => textOf(stream.body)))).toBe("! too_large");
    answerWith({ "https://hub.example.org/a": () => new Response(body(["x".repeat(60), "x".repeat(60)], "hang")) });
    expect(await outcome(safeStream(request).then((stream) => textOf(stream.body)))).toBe("! too_large");
  });

  it("to a host that is not on the list is never asked for", async () => {
    const asked = answerWith({});
    expect(await outcome(safeStream({ ...request, url: "https://10.0.0.1/" }).then((s) => textOf(s.body)))).toBe(
      "! network",
    );
    expect(asked).toEqual([]);
  });
});

describe("a repository on GitHub", () => {
  const API = "https://api.github.com/repos/acme-labs/aster";
  const COMMIT = "0123456789abcdef0123456789abcdef01234567";
  const ARCHIVE = `https://codeload.github.com/acme-labs/aster/legacy.zip/${COMMIT}`;

  it("says which commit its head is", async () => {
    const asked = answerWith({ [`${API}/commits/HEAD`]: new Response(COMMIT) });
    expect(await gitHubCommit(upstream({ githubToken: "gh_secret" }), "acme-labs/aster")).toBe(COMMIT);
    expect(asked[0]?.headers.get("Authorization")).toBe("Bearer gh_secret");
    expect(asked[0]?.headers.get("Accept")).toBe("application/vnd.github.sha");
  });

  it.each<[Answer, string]>([
    [new Response("<html>"), "! network"],
    [new Response("", { status: 409 }), "! missing"],
    [new Response("", { status: 404 }), "! missing"],
    [new Response("", { status: 403 }), "! network"],
  ])("says it in no other way", async (answer, expected) => {
    answerWith({ [`${API}/commits/HEAD`]: answer });
    expect(await outcome(gitHubCommit(upstream(), "acme-labs/aster"))).toBe(expected);
  });

  it("sends its archive from another host, which sees no token", async () => {
    const asked = answerWith({ [`${API}/zipball/${COMMIT}`]: redirect(ARCHIVE), [ARCHIVE]: new Response("PK") });
    const stream = await openGitHubArchive(upstream({ githubToken: "gh_secret" }), "acme-labs/aster", COMMIT, 100);
    expect(await textOf(stream)).toBe("PK");
    expect(asked.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer gh_secret", null]);
  });

  it("sends it from no host but that one", async () => {
    answerWith({ [`${API}/zipball/${COMMIT}`]: redirect("https://raw.githubusercontent.com/x") });
    const archive = openGitHubArchive(upstream(), "acme-labs/aster", COMMIT, 100).then(textOf);
    expect(await outcome(archive)).toBe("! refused_redirect");
  });

  it("of an enterprise sends it from the host below its own", async () => {
    const at = "https://ghe.example.org/api/v3/repos/acme-labs/aster/zipball";
    const from = `https://codeload.ghe.example.org/acme-labs/aster/zip/${COMMIT}`;
    answerWith({ [`${at}/${COMMIT}`]: redirect(from), [from]: new Response("PK") });
    const own = upstream({ githubApiUrl: "https://ghe.example.org/api/v3" });
    expect(await textOf(await openGitHubArchive(own, "acme-labs/aster", COMMIT, 100))).toBe("PK");
  });
});

it("what cannot get better by asking again is not asked again", () => {
  expect([...PERMANENT].sort()).toEqual(["changed", "gated", "missing", "refused_redirect", "too_large"]);
});
