/** The Hugging Face Hub's own JavaScript client, unchanged, with a registry as its hub that wants a token. */

import { downloadFile, listFiles, modelInfo, whoAmI } from "@huggingface/hub";
import { beforeEach, describe, expect, it } from "vitest";
import { READ_ONLY, type Scope } from "../../src/auth/scopes.ts";
import { closedRegistry, logIn, OWNER } from "../accounts.ts";
import { createRegistry } from "../harness.ts";
import { bytesOf, keepFiles } from "../zip/kept.ts";
import { all, fetchFrom, HUB_URL } from "./hub-fetch.ts";

const closed = closedRegistry();
const client = { hubUrl: HUB_URL, fetch: fetchFrom(closed.env) };
const repo = "acme-labs/aster-base";
const CONFIG = '{"model_type":"aster"}';

/** A token as a user makes one: log in, then POST /tokens. */
async function makeToken(scopes: readonly Scope[]): Promise<string> {
  const session = await logIn(closed, OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
  const answer = await closed.call("POST", "/tokens", { name: "loader", scopes }, session);
  expect(answer.status, answer.text).toBe(201);
  return (answer.json as { token: string }).token;
}

beforeEach(async () => {
  const id = await createRegistry().register("model", repo);
  await keepFiles(id, [{ path: "config.json", bytes: bytesOf(CONFIG) }], { revision: "a".repeat(40), verdict: "safe" });
});

describe("@huggingface/hub, with a token of a closed registry,", () => {
  it("reads, lists and downloads with the token that POST /tokens made", async () => {
    const accessToken = await makeToken(READ_ONLY);
    expect(accessToken).toMatch(/^hf_tmr_t[0-9a-f]{16}_[\w-]{43}$/);
    expect(await whoAmI({ ...client, accessToken })).toMatchObject({ name: OWNER.ADMIN_USER });
    expect(await modelInfo({ ...client, accessToken, name: repo })).toMatchObject({ name: repo });
    expect((await all(listFiles({ ...client, accessToken, repo }))).map(({ path }) => path)).toEqual(["config.json"]);
    const blob = await downloadFile({ ...client, accessToken, repo, path: "config.json" });
    expect(await blob?.text()).toBe(CONFIG);
  });

  it("works with a session token, which is what PUT /authenticate answers", async () => {
    const { "X-Authorization": header = "" } = await logIn(closed, OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
    const accessToken = header.replace("bearer ", "");
    const blob = await downloadFile({ ...client, accessToken, repo, path: "config.json" });
    expect(await blob?.text()).toBe(CONFIG);
  });

  it("is refused with a token that looks right and is not", async () => {
    const accessToken = `${(await makeToken(READ_ONLY)).slice(0, -1)}-`;
    await expect(modelInfo({ ...client, accessToken, name: repo })).rejects.toMatchObject({ statusCode: 401 });
  });

  it("a token without the prefix hf_, as issued before, still opens the registry", async () => {
    const token = await makeToken(READ_ONLY);
    const old = token.replace(/^hf_/, "");
    for (const text of [token, old]) {
      const answer = await closed.call("GET", `/hf/api/models/${repo}`, undefined, { Authorization: `Bearer ${text}` });
      expect([answer.status, text.slice(0, 4)]).toEqual([200, text === old ? "tmr_" : "hf_t"]);
    }
    for (const text of [`hf_${token}`, `HF_${old}`, token.replace("tmr_", "")]) {
      const answer = await closed.call("GET", `/hf/api/models/${repo}`, undefined, { Authorization: `Bearer ${text}` });
      expect(answer.status, text.slice(0, 10)).toBe(401);
    }
  });
});
