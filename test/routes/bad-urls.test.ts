/** Sources that cannot be meant, or that could reach another host than they seem to name: refused, and nothing is written. */

import { describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";
import { NOTHING, refusal, seen, world } from "./answers.ts";

const registry = createRegistry();
const TOO_LONG = "URL exceeds maximum length of 2048 characters.";

/** Expects that a registration is refused so, and that nothing was written: no row anywhere, no object. */
async function refused(type: string, sent: unknown, status: number, detail: string): Promise<void> {
  expect(seen(await registry.call("POST", `/artifact/${type}`, sent))).toEqual(refusal(status, detail));
  expect(await world()).toEqual(NOTHING);
}

describe("a url", () => {
  const NOT_PUBLIC = "The url is not acceptable: the host is not public.";
  const NO_NAME = "The url is not acceptable: the host is not a public name.";
  const ADDRESS = "The url is not acceptable: an IP address is not allowed.";
  const PORT = "The url is not acceptable: only port 443 is allowed.";
  const HTTPS = "The url must be an absolute https URL.";
  const USER = "The url must not contain user information.";
  const INVALID = "The url is not a valid URL.";
  const CHARACTERS = "The url contains characters that do not belong in a URL.";
  const DOTS = "The path of the url must not contain dot segments.";

  it.each([
    ["", "The url is empty."],
    [" \t ", "The url is empty."],
    ["files.example.org/x", HTTPS],
    ["//files.example.org/x", HTTPS],
    ["http://files.example.org/x", HTTPS],
    ["ftp://files.example.org/x", HTTPS],
    ["file:///etc/passwd", HTTPS],
    ["javascript:alert(1)", HTTPS],
    ["data:text/plain,x", HTTPS],
    ["https:files.example.org/x", HTTPS],
    ["https:/files.example.org/x", HTTPS],
    ["https:///files.example.org/x", HTTPS],
    ["https://", HTTPS],
    ["https://user@files.example.org/x", USER],
    ["https://user:pass@files.example.org/x", USER],
    ["https://@files.example.org/x", USER],
    ["https://github.com@evil.example.org/x", USER],
    ["https://files.example.org:8443/x", PORT],
    ["https://files.example.org:80/x", PORT],
    ["https://files.example.org:99999/x", INVALID],
    ["https://files.example.org:x/x", INVALID],
    ["https://127.0.0.1/x", ADDRESS],
    ["https://127.1/x", ADDRESS],
    ["https://0x7f.0.0.1/x", ADDRESS],
    ["https://0177.0.0.1/x", ADDRESS],
    ["https://2130706433/x", ADDRESS],
    ["https://0x7f000001/x", ADDRESS],
    ["https://0/x", ADDRESS],
    ["https://１２７.0.0.1/x", ADDRESS],
    ["https://169.254.169.254/latest/meta-data/", ADDRESS],
    ["https://8.8.8.8/x", ADDRESS],
    ["https://127.0.0.1./x", ADDRESS],
    ["https://[::1]/x", ADDRESS],
    ["https://[::ffff:127.0.0.1]/x", ADDRESS],
    ["https://[fd00::1]/x", ADDRESS],
    ["https://[::1%25eth0]/x", INVALID],
    ["https://256.256.256.256/x", INVALID],
    ["https://localhost/x", NOT_PUBLIC],
    ["https://LOCALHOST/x", NOT_PUBLIC],
    ["https://a.localhost/x", NOT_PUBLIC],
    ["https://metadata.google.internal/x", NOT_PUBLIC],
    ["https://printer.local/x", NOT_PUBLIC],
    ["https://intranet/x", NOT_PUBLIC],
    ["https://example/x", NO_NAME],
    ["https://files.example.org./x", "The url is not acceptable: a host that ends in a dot is not allowed."],
    ["https://localhost./x", "The url is not acceptable: a host that ends in a dot is not allowed."],
    ["https://files..example.org/x", NO_NAME],
    ["https://-.example.org/x", NO_NAME],
    ["https://files.example.org/a b", CHARACTERS],
    ["https://files.example.org/\u0000", CHARACTERS],
    ["https://files.example.org/\r\nHost: x", CHARACTERS],
    ["https://files.example.org/\u202e", CHARACTERS],
    ["https://files.example.org/\ud83d", CHARACTERS],
    ["https://files.example.org\\@evil.example.org/x", CHARACTERS],
    ["https://files.example.org/a/../b", DOTS],
    ["https://files.example.org/./b", DOTS],
    ["https://files.example.org/%2e%2E/b", DOTS],
    ["https://github.com/a/..", DOTS],
    ["https://huggingface.co/datasets/a/-x", "The url does not name a valid Hugging Face repository."],
    ["https://github.com/-owner/x", "The url does not name a valid GitHub repository."],
  ])("%j is 400 for datasets and code", async (url, detail) => {
    await refused("dataset", { url }, 400, detail);
    await refused("code", { url }, 400, detail);
  });

  const NO_ID = "The url is neither a Hugging Face URL nor a model id.";
  const NO_MODEL = "The url does not name a model on Hugging Face.";
  const NO_REPOSITORY = "The url does not name a valid Hugging Face repository.";
  it.each([
    ["a/b/c", NO_ID],
    ["../etc/passwd", NO_ID],
    ["a/..", NO_ID],
    ["/a", NO_ID],
    ["a/", NO_ID],
    ["a--b/c", NO_ID],
    ["a/b.git", NO_ID],
    ["ünï/code", NO_ID],
    ["datasets/squad", NO_ID],
    ["a".repeat(97), NO_ID],
    ["huggingface.co/a/b", "The url must begin with https://."],
    ["https://huggingface.co", NO_MODEL],
    ["https://huggingface.co/datasets/a/b", NO_MODEL],
    ["https://huggingface.co/spaces/a/b", NO_MODEL],
    ["https://huggingface.co/docs/hub", NO_MODEL],
    ["https://huggingface.co/a%2Fb", NO_REPOSITORY],
    ["https://huggingface.co/a/b%00", NO_REPOSITORY],
    ["https://huggingface.co.evil.example.org/a/b", "A model must be a Hugging Face URL or id."],
    ["https://evil.example.org/huggingface.co/a/b", "A model must be a Hugging Face URL or id."],
    ["https://github.com/acme-labs/aster", "A model must be a Hugging Face URL or id."],
    ["https://huggingface.co:8080/a/b", PORT],
    ["https://user@huggingface.co/a/b", USER],
    ["http://huggingface.co/a/b", HTTPS],
    ["a b", CHARACTERS],
  ])("%j is 400 for a model", async (url, detail) => {
    await refused("model", { url }, 400, detail);
  });

  it("of 2049 characters is 413, of 2048 is not", async () => {
    const long = (length: number) => `https://files.example.org/${"x".repeat(length - 26)}`;
    expect([long(2048).length, long(2049).length]).toEqual([2048, 2049]);
    for (const type of ["model", "dataset", "code"]) await refused(type, { url: long(2049) }, 413, TOO_LONG);
    const answer = await registry.call("POST", "/artifact/code", { url: long(2048), name: "long" });
    expect([answer.status, (answer.json as { data: { url: string } }).data.url]).toEqual([201, long(2048)]);
  });
});
