import { describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.ts";
import type { ArtifactType } from "../../src/lib/artifact.ts";
import { hubRepository, parseSource } from "../../src/sources/source-url.ts";

function codeOf(type: ArtifactType, url: string): string {
  try {
    return `accepted: ${parseSource(type, url).source}`;
  } catch (error) {
    return error instanceof RegistryError ? error.code : `threw ${String(error)}`;
  }
}

describe("a model", () => {
  it.each([
    ["gpt2", "gpt2", "gpt2"],
    ["google-bert/bert-base-uncased", "google-bert/bert-base-uncased", "bert-base-uncased"],
    [" \tgpt2 ", "gpt2", "gpt2"],
    ["_a/b_", "_a/b_", "b_"],
    ["https://huggingface.co/gpt2", "gpt2", "gpt2"],
    ["https://huggingface.co/gpt2/", "gpt2", "gpt2"],
    ["https://huggingface.co/gpt2/tree/main", "gpt2", "gpt2"],
    ["https://huggingface.co/google-bert/bert-base-uncased", "google-bert/bert-base-uncased", "bert-base-uncased"],
    [
      "https://huggingface.co/google-bert/bert-base-uncased/tree/main",
      "google-bert/bert-base-uncased",
      "bert-base-uncased",
    ],
    ["https://huggingface.co/o/n/blob/main/config.json", "o/n", "n"],
    ["https://huggingface.co/o/n/resolve/main/a%20b.bin?download=true#x", "o/n", "n"],
    ["https://www.huggingface.co/o/n.git", "o/n", "n"],
    ["https://hf.co/o/n?library=true", "o/n", "n"],
    ["HTTPS://HuggingFace.co:443/o/N", "o/N", "N"],
    ["https://huggingface.co/o/Llama-3.1-8B", "o/Llama-3.1-8B", "Llama-3.1-8B"],
    ["https://huggingface.co/o/main", "o/main", "o/main"],
  ])("%s is %s", (url, source, name) => {
    expect(parseSource("model", url)).toEqual({
      type: "model",
      host: "hugging_face",
      source,
      key: source.toLowerCase(),
      name,
      href: `https://huggingface.co/${source}`,
    });
  });

  it.each([
    "",
    "   ",
    "a/b/c",
    "/gpt2",
    "gpt2/",
    "../gpt2",
    "o/..",
    ".",
    "o/.n",
    "o/n.",
    "-o/n",
    "o/n-",
    "o/a--b",
    "o/a..b",
    "o/n.git",
    "o\\n",
    "o/n\u0000",
    "o/n\n",
    "o /n",
    "o/n\u200b",
    "o/n\ud800",
    "o/ñ",
    "*",
    "o/n?x=1",
    "o/n#x",
    "o%2fn",
    `o/${"n".repeat(97)}`,
    "datasets/squad",
    "spaces/app",
    "docs/hub",
    "huggingface.co/gpt2",
    "github.com/bert",
    "//huggingface.co/gpt2",
    "http://huggingface.co/gpt2",
    "hf://gpt2",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://huggingface.co",
    "https://huggingface.co/",
    "https://huggingface.co/datasets/squad",
    "https://huggingface.co/spaces/o/n",
    "https://huggingface.co/docs/hub",
    "https://huggingface.co/api/models/gpt2",
    "https://huggingface.co/models",
    "https://huggingface.co/o%2Fn",
    "https://huggingface.co/o/n%00",
    "https://huggingface.co/o/%2e%2e/n",
    "https://huggingface.co/o/../n",
    "https://huggingface.co/o/a..b",
    "https://huggingface.co.evil.org/o/n",
    "https://huggingface.co@evil.org/o/n",
    "https://evil.org/huggingface.co/o/n",
    "https://huggingface.co./o/n",
    "https://huggingface.co:8443/o/n",
    "https://user@huggingface.co/o/n",
    "https://user:pass@huggingface.co/o/n",
    "https://@huggingface.co/o/n",
    "https:huggingface.co/o/n",
    "https:/huggingface.co/o/n",
    "https:\\\\huggingface.co\\o\\n",
    "https://hugging\tface.co/o/n",
    "https://sub.huggingface.co/o/n",
    "https://github.com/google-research/bert",
    "https://gitlab.com/o/n",
  ])("%j is refused", (url) => {
    expect(codeOf("model", url)).toBe("invalid_request");
  });
});

describe("a dataset or code", () => {
  it.each([
    ["dataset", "https://huggingface.co/datasets/squad", "hugging_face", "squad", "squad"],
    ["dataset", "https://huggingface.co/datasets/rajpurkar/SQuAD/viewer/x", "hugging_face", "rajpurkar/SQuAD", "SQuAD"],
    ["dataset", "https://hf.co/datasets/squad/tree/main", "hugging_face", "squad", "squad"],
    ["dataset", "https://huggingface.co/o/n", "hugging_face", "https://huggingface.co/o/n", "n"],
    ["code", "https://huggingface.co/spaces/o/n", "hugging_face", "https://huggingface.co/spaces/o/n", "n"],
    ["code", "https://github.com/google-research/BERT", "github", "google-research/BERT", "BERT"],
    ["code", "https://www.github.com/o/r.git", "github", "o/r", "r"],
    ["code", "https://github.com/o/r/tree/main/src?tab=x#readme", "github", "o/r", "r"],
    ["code", "https://github.com/o/.github", "github", "o/.github", ".github"],
    ["dataset", "https://github.com/o/r/blob/main/data.csv", "github", "https://github.com/o/r", "r"],
    ["code", "https://gitlab.com/group/sub/Project.git", "gitlab", "https://gitlab.com/group/sub/Project", "Project"],
    ["code", "https://gitlab.com/g/p/-/tree/main/src", "gitlab", "https://gitlab.com/g/p", "p"],
    ["dataset", "https://example.org/data.zip", "web", "https://example.org/data.zip", "data.zip"],
    ["dataset", "https://example.org/data.zip?token=secret#x", "web", "https://example.org/data.zip", "data.zip"],
    ["dataset", "https://EXAMPLE.org/Data/", "web", "https://example.org/Data", "Data"],
    ["dataset", "https://example.org/my%20data", "web", "https://example.org/my%20data", "my data"],
    ["dataset", "https://example.org/a%2Fb", "web", "https://example.org/a%2Fb", "a%2Fb"],
    ["dataset", "https://example.org", "web", "https://example.org", "example.org"],
    ["dataset", "https://example.org/*", "web", "https://example.org/*", "example.org"],
    ["code", "https://git.example.org/g/p/-/tree/main", "web", "https://git.example.org/g/p/-/tree/main", "p"],
    ["code", "https://example.org/repo/main", "web", "https://example.org/repo/main", "repo"],
    ["code", "https://github.com/o", "web", "https://github.com/o", "o"],
    ["dataset", "https://bücher.example.org/x", "web", "https://xn--bcher-kva.example.org/x", "x"],
  ] as const)("%s %s", (type, url, host, source, name) => {
    expect(parseSource(type, url)).toMatchObject({ type, host, source, name });
  });

  it.each([
    "squad",
    "http://example.org/x",
    "ftp://example.org/x",
    "ssh://git@github.com/o/r",
    "git@github.com:o/r.git",
    "https://",
    "https:///x",
    "https://example.org:444/x",
    "https://example.org:80/x",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://0/x",
    "https://169.254.169.254/latest",
    "https://8.8.8.8/x",
    "https://127.0.0.1./x",
    "https://①②⑦.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fd00::1]/x",
    "https://localhost/x",
    "https://LOCALHOST/x",
    "https://ⓛocalhost/x",
    "https://a.localhost/x",
    "https://intranet/x",
    "https://printer.local/x",
    "https://metadata.google.internal/x",
    "https://metadata.goog/x",
    "https://router.home.arpa/x",
    "https://abc.onion/x",
    "https://example.org./x",
    "https://example.123/x",
    "https://exa mple.org/x",
    "https://example.org/a b",
    "https://example.org/\u0001",
    "https://example.org/\u2028",
    "https://example.org/\udc00",
    "https://example.org\\@evil.org/",
    "https://example.org/a/../b",
    "https://example.org/a/%2E%2e/b",
    "https://u:p@example.org/x",
    "https://github.com/o/r%2f..",
    "https://github.com/o%00/r",
    "https://github.com/-o/r",
    "https://gitlab.com/g/p%2Fq",
    "https://huggingface.co/datasets/a--b",
    "https://huggingface.co/datasets/o/n%2e",
  ])("%j is refused", (url) => {
    expect(codeOf("dataset", url)).toBe("invalid_request");
    expect(codeOf("code", url)).toBe("invalid_request");
  });

  it("compares without case where the host does, and with case elsewhere", () => {
    const key = (url: string) => parseSource("code", url).key;
    expect(key("https://github.com/O/R")).toBe(key("https://github.com/o/r"));
    expect(key("https://gitlab.com/G/P")).toBe(key("https://gitlab.com/g/p"));
    expect(key("https://huggingface.co/spaces/O/N")).toBe(key("https://huggingface.co/spaces/o/n"));
    expect(key("https://EXAMPLE.org/A")).toBe("https://example.org/A");
  });
});

describe("length", () => {
  it("is looked at before anything else", () => {
    expect(codeOf("model", `\u0000${"x".repeat(2048)}`)).toBe("url_too_long");
    expect(codeOf("dataset", `https://example.org/${"x".repeat(2048 - 20)}`)).toMatch(/^accepted/);
    expect(codeOf("dataset", `https://example.org/${"x".repeat(2049 - 20)}`)).toBe("url_too_long");
  });

  it("of a default name stays within what a name may have", () => {
    expect([...parseSource("dataset", `https://example.org/${"x".repeat(1000)}`).name]).toHaveLength(255);
  });
});

describe("hubRepository", () => {
  it("finds the repository behind any source on the hub", () => {
    const of = (type: ArtifactType, url: string) => hubRepository(parseSource(type, url));
    expect(of("model", "gpt2")).toEqual({ kind: "models", id: "gpt2" });
    expect(of("dataset", "https://hf.co/datasets/o/n")).toEqual({ kind: "datasets", id: "o/n" });
    expect(of("code", "https://hf.co/spaces/o/n")).toEqual({ kind: "spaces", id: "o/n" });
    expect(of("code", "https://github.com/o/n")).toBeUndefined();
  });
});
