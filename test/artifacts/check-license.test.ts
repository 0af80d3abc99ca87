/** The licence check, from registration to answer, with the licences of ancestors. The tables are tested in test/license. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";

describe("the licence check", () => {
  const check = (id: string, github_url: unknown, query = "") =>
    registry.call("POST", `/artifact/model/${id}/license-check${query}`, { github_url });

  it.each([
    ["permissive into MIT", "acme-labs/aster-base", "https://github.com/acme-labs/aster", true],
    ["Apache-2.0 into GPL-3.0", BERT, "https://github.com/polaris-ai/aurora-tools", true],
    ["GPL-3.0 into MIT", "polaris-ai/aurora-small", "https://github.com/acme-labs/aster", false],
    ["GPL-3.0 into GPL-3.0", "polaris-ai/aurora-small", "https://github.com/polaris-ai/aurora-tools.git", true],
    ["non-commercial into MIT", "acme-labs/no-profit", "https://github.com/acme-labs/aster", false],
    ["into a project without a licence", BERT, "https://github.com/acme-labs/bare-scripts", false],
    ["a model without a licence", "acme-labs/no-readme", "https://github.com/acme-labs/aster", false],
  ])("answers for %s", async (_, model, project, expected) => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    const id = await open.register("model", model);
    const answer = await check(id, project);
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  it("explains itself: licenses, conditions and reasons, each with its source", async () => {
    const id = await registry.register("model", "acme-labs/aster-base");
    expect((await check(id, "https://github.com/acme-labs/aster", "?explain=true")).json).toEqual({
      compatible: true,
      model_license: "MIT",
      license_effective: "MIT",
      project_license: "MIT",
      license_conflict: [],
      license_unknown: [],
      conditions: [{ license: "MIT", must: ["notice"], source: "https://choosealicense.com/licenses/mit/" }],
      reasons: ["MIT into MIT: the same license on both sides."],
    });
  });

  it("counts the license of a registered ancestor, and names the ancestor", async () => {
    await registry.register("model", "polaris-ai/aurora-small");
    const child = await registry.register("model", "acme-labs/aster-base");
    await env.DB.prepare(
      `INSERT INTO edges VALUES (2, 'model', 'polaris-ai/aurora-small', 'polaris-ai/aurora-small', 'base_model', NULL, 'hf_tag')`,
    ).run();
    const project = "https://github.com/acme-labs/aster";
    const whole = (await check(child, project, "?explain=true")).json as { reasons: string[] };
    expect(whole).toMatchObject({
      compatible: false,
      model_license: "MIT",
      license_effective: "MIT AND GPL-3.0-only",
      license_conflict: ["1"],
    });
    expect(whole.reasons).toEqual([
      "polaris-ai/aurora-small is under GPL-3.0-only, which does not permit what the model states: MIT.",
      expect.stringMatching(/^polaris-ai\/aurora-small: GPL-3.0-only into MIT: not allowed/),
      "MIT into MIT: the same license on both sides.",
    ]);
    expect((await check(child, project)).json).toBe(false);
    expect((await check(child, project, "?scope=model")).json).toBe(true);
    // the parent's present row is read, not what it was when the child came
    await env.DB.prepare(`UPDATE artifacts SET license = '["mit"]' WHERE id = 1`).run();
    expect((await check(child, project)).json).toBe(true);
    await registry.call("DELETE", "/artifacts/model/1");
    expect((await check(child, project, "?explain=true")).json).toMatchObject({
      compatible: true,
      license_unknown: ["external:polaris-ai/aurora-small"],
    });
  });

  describe("of a model that hides the terms of its base", () => {
    const LLAMA = "external:meta-llama/Llama-3.1-8B";
    const project = "https://github.com/acme-labs/aster";

    it("is false from the kept evidence, and names the base, which is not registered", async () => {
      const id = await registry.register("model", "acme-labs/llama-relabelled");
      expect((await check(id, project)).json).toBe(false);
      const explained = (await check(id, project, "?explain=true")).json as {
        reasons: string[];
        conditions: unknown[];
      };
      expect(explained).toMatchObject({
        compatible: false,
        model_license: "MIT",
        license_effective: "MIT AND LicenseRef-llama3.1",
        license_conflict: [LLAMA],
        license_unknown: [],
      });
      expect(explained.reasons).toContain(
        "meta-llama/Llama-3.1-8B is under LicenseRef-llama3.1, which does not permit what the model states: MIT.",
      );
      expect(explained.conditions[1]).toEqual({
        license: "LicenseRef-llama3.1",
        must: ["notice", "use_restrictions", "attribution"],
        source: "https://www.llama.com/llama3_1/license/",
      });
    });

    it("is false two generations on, whether the model between is registered or not", async () => {
      const alone = await registry.register("model", "acme-labs/llama-relabelled-gguf");
      // of a grandparent that nobody asked about only the name is known
      expect((await check(alone, project, "?explain=true")).json).toMatchObject({
        compatible: true,
        license_effective: "MIT",
        license_unknown: [LLAMA],
      });
      await registry.register("model", "acme-labs/llama-relabelled");
      expect((await check(alone, project, "?explain=true")).json).toMatchObject({
        compatible: false,
        license_effective: "MIT AND LicenseRef-llama3.1",
        license_conflict: [LLAMA],
      });
    });

    it("and its licence metric is that of the base", async () => {
      const id = await registry.register("model", "acme-labs/llama-relabelled");
      const { json } = await registry.call("GET", `/artifact/model/${id}/rate?explain=true`);
      expect(json).toMatchObject({
        license: 0.6,
        evidence: {
          license: {
            inputs: {
              license: "MIT",
              license_effective: "MIT AND LicenseRef-llama3.1",
              ancestors: [{ source: "meta-llama/Llama-3.1-8B", depth: 1, license: "LicenseRef-llama3.1" }],
              conflicts: [expect.stringContaining("meta-llama/Llama-3.1-8B is under LicenseRef-llama3.1")],
            },
          },
        },
      });
    });

    it("is rated by the licence of a registered grandparent, too", async () => {
      await registry.register("model", "acme-labs/aster-base");
      await env.DB.prepare(
        `UPDATE artifacts SET source = 'meta-llama/Llama-3.1-8B', source_key = 'meta-llama/llama-3.1-8b', license = '["llama3.1"]'
         WHERE id = 1`,
      ).run();
      await registry.register("model", "acme-labs/llama-relabelled");
      const id = await registry.register("model", "acme-labs/llama-relabelled-gguf");
      const { json } = await registry.call("GET", `/artifact/model/${id}/rate?explain=true`);
      expect(json).toMatchObject({ license: 0.6 });
      expect(JSON.stringify((json as { evidence: { license: unknown } }).evidence.license)).toContain(
        "meta-llama/Llama-3.1-8B",
      );
    });

    it("differs from one that passes them on", async () => {
      const id = await registry.register("model", "acme-labs/llama-honest");
      expect((await check(id, project, "?explain=true")).json).toMatchObject({
        compatible: true,
        license_effective: "LicenseRef-llama3.1",
        license_conflict: [],
      });
    });

    it("is no 200 while the bucket with the evidence does not answer", async () => {
      const id = await registry.register("model", "acme-labs/llama-relabelled");
      const faulty = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket\.get/ });
      const cut = createRegistry(faulty.env);
      const answer = await cut.call("POST", `/artifact/model/${id}/license-check`, { github_url: project });
      expect([answer.status, answer.json]).toEqual([500, { detail: "Internal server error." }]);
      expect(faulty.calls()).toBeGreaterThan(0);
    });
  });

  it.each([
    [
      "no repository",
      "https://github.com/acme-labs",
      400,
      "Invalid GitHub URL; expected https://github.com/<owner>/<repo>",
    ],
    ["another host", "https://gitlab.com/a/b", 400, "Invalid GitHub URL; expected https://github.com/<owner>/<repo>"],
    ["no URL", "aster", 400, "Invalid GitHub URL; expected https://github.com/<owner>/<repo>"],
    ["an unknown project", "https://github.com/acme-labs/nothing", 404, "GitHub project not found."],
    ["a GitHub that is down", "https://github.com/hostile/broken", 502, "Unable to fetch GitHub license."],
    ["a GitHub that is limited", "https://github.com/hostile/rate-limited", 502, "Unable to fetch GitHub license."],
  ])("refuses %s", async (_, url, status, detail) => {
    const id = await registry.register("model", BERT);
    const answer = await check(id, url);
    const why = status === 502 ? { reason: expect.stringContaining("api.github.com") } : {};
    expect([answer.status, answer.json]).toEqual([status, { detail, ...why }]);
  });

  it("is 404 for an unknown artifact and 400 without a url", async () => {
    expect((await check("999", "https://github.com/acme-labs/aster")).json).toEqual({
      detail: "Artifact does not exist.",
    });
    const id = await registry.register("model", BERT);
    expect((await check(id, 7)).status).toBe(400);
  });
});
