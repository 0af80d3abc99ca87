import { describe, expect, it } from "vitest";
import { isExpected } from "./outbound.ts";

describe("the watch over outbound requests", () => {
  it.each([
    ["GET", "https://huggingface.co/api/models/gpt2", true],
    ["GET", "https://api.github.com/repos/a/b", true],
    ["POST", "https://api.github.com/graphql", true],
    ["GET", "https://gitlab.com/api/v4/projects/a%2Fb", true],
    ["HEAD", "https://files.example.org/x.tar", true],
    ["GET", "https://files.example.org/x.tar", false],
    ["HEAD", "http://files.example.org/x.tar", false],
    ["GET", "http://huggingface.co/api/models/gpt2", false],
    ["GET", "https://huggingface.co.evil.example.com/", false],
    ["HEAD", "https://example.org.evil.net/", false],
    ["GET", "http://169.254.169.254/latest/meta-data/", false],
    ["HEAD", "https://127.0.0.1/", false],
    ["GET", "https://elsewhere.net/", false],
  ])("%s %s: %s", (method, url, expected) => {
    expect(isExpected(new Request(url, { method }))).toBe(expected);
  });

  it("has the hub behind it, which answers for no other host", async () => {
    const answer = await fetch("https://elsewhere.example.org/", { method: "HEAD" });
    expect(answer.status).toBe(599);
  });
});
