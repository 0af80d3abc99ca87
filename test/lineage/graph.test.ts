import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";

const registry = createRegistry();

interface Graph {
  nodes: { artifact_id: string; name: string; source: string; metadata?: Record<string, unknown> }[];
  edges: { from_node_artifact_id: string; to_node_artifact_id: string; relationship: string }[];
}

/** A world of models, each with the sources of its parents; ids are 1, 2, 3 … in this order. */
async function seed(models: Record<string, string[]>): Promise<void> {
  const entries = Object.entries(models);
  const list = JSON.stringify(entries.map(([source, parents], index) => ({ id: index + 1, source, parents })));
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
       SELECT value ->> 'id', 'model', value ->> 'source', value ->> 'source', value ->> 'source', lower(value ->> 'source'),
              'artifacts/model/' || (value ->> 'id') || '.zip', 1000, '', value ->> 'id', 0, 0 FROM json_each(?1)`,
    ).bind(list),
    env.DB.prepare(
      `INSERT INTO edges (child_id, parent_type, parent_key, parent_source, relation, read_from)
       SELECT m.value ->> 'id', 'model', lower(p.value), p.value, 'base_model', 'model_card'
       FROM json_each(?1) AS m JOIN json_each(m.value -> 'parents') AS p`,
    ).bind(list),
  ]);
}

async function lineage(id: number, query = ""): Promise<Graph> {
  const answer = await registry.call("GET", `/artifact/model/${id}/lineage${query}`);
  expect(answer.status).toBe(200);
  return answer.json as Graph;
}
const ids = (graph: Graph) => graph.nodes.map((node) => node.artifact_id);
const arrows = (graph: Graph) =>
  graph.edges.map((edge) => `${edge.from_node_artifact_id}>${edge.to_node_artifact_id}`).sort();

describe("the lineage of a model", () => {
  it("is the root alone for a model without parents or children", async () => {
    await seed({ "a/alone": [] });
    expect(await lineage(1)).toEqual({
      nodes: [
        { artifact_id: "1", name: "a/alone", source: "registry", metadata: { type: "model", source_id: "a/alone" } },
      ],
      edges: [],
    });
  });

  it("shows ancestors and descendants, the root first, edges from parent to child", async () => {
    await seed({ "a/base": [], "a/chat": ["a/base"], "a/tiny": ["A/Chat"], "a/other": ["a/base"] });
    const graph = await lineage(2);
    expect(ids(graph)).toEqual(["2", "1", "3"]);
    expect(arrows(graph)).toEqual(["1>2", "2>3"]);
    expect(ids(await lineage(1)).sort()).toEqual(["1", "2", "3", "4"]);
  });

  it("shows a parent that is not registered as external, and links it when it is", async () => {
    await seed({ "a/child": ["Elsewhere/Base"] });
    const graph = await lineage(1);
    expect(graph.nodes[1]).toEqual({
      artifact_id: "external:Elsewhere/Base",
      name: "Elsewhere/Base",
      source: "model_card",
      metadata: { external: true },
    });
    expect(arrows(graph)).toEqual(["external:Elsewhere/Base>1"]);
    await env.DB.prepare(
      `INSERT INTO artifacts SELECT 7, type, 'base', url, 'elsewhere/base', 'elsewhere/base', revision, license, upstream_size,
       'k', size, sha256, version, created_at, updated_at FROM artifacts`,
    ).run();
    expect(arrows(await lineage(1))).toEqual(["7>1"]);
  });

  it.each([
    ["a model that names itself", { "a/self": ["a/self"] }, ["1"], ["1>1"]],
    ["two that name each other", { "a/one": ["a/two"], "a/two": ["a/one"] }, ["1", "2"], ["1>2", "2>1"]],
    [
      "a circle of three",
      { "a/one": ["a/three"], "a/two": ["a/one"], "a/three": ["a/two"] },
      ["1", "2", "3"],
      ["1>2", "2>3", "3>1"],
    ],
  ])("ends and shows each once for %s", async (_, models, nodes, edges) => {
    await seed(models);
    for (const root of nodes) {
      const graph = await lineage(Number(root));
      expect(graph.nodes[0]?.artifact_id).toBe(root);
      expect(ids(graph).sort()).toEqual(nodes);
      expect(arrows(graph)).toEqual(edges);
    }
  });

  it("shows each artifact of a diamond once, by all its paths", async () => {
    await seed({ "a/top": [], "a/left": ["a/top"], "a/right": ["a/top"], "a/bottom": ["a/left", "a/right"] });
    for (const root of [1, 4]) {
      const graph = await lineage(root);
      expect(ids(graph).sort()).toEqual(["1", "2", "3", "4"]);
      expect(arrows(graph)).toEqual(["1>2", "1>3", "2>4", "3>4"]);
    }
    expect(arrows(await lineage(2))).toEqual(["1>2", "2>4"]);
  });

  it("goes fifty generations up and down", async () => {
    const chain = Array.from({ length: 51 }, (_, index) => [`a/g${index}`, index === 0 ? [] : [`a/g${index - 1}`]]);
    await seed(Object.fromEntries(chain));
    for (const root of [1, 26, 51]) {
      const graph = await lineage(root);
      expect(graph.nodes).toHaveLength(51);
      expect(graph.edges).toHaveLength(50);
    }
  });

  it("stops at 500 nodes, keeps the near ones, and has no edge without both its ends", async () => {
    const children = Array.from({ length: 600 }, (_, index) => [`a/child${index}`, ["a/base"]]);
    await seed({ "a/base": ["a/root"], ...Object.fromEntries(children) });
    const graph = await lineage(1);
    expect(graph.nodes).toHaveLength(500);
    const known = new Set(ids(graph));
    expect(known.has("external:a/root")).toBe(true);
    expect(graph.edges.filter((edge) => !known.has(edge.from_node_artifact_id))).toEqual([]);
    expect(graph.edges.filter((edge) => !known.has(edge.to_node_artifact_id))).toEqual([]);
  });

  it("is right in a hundred graphs after the parent of a hundred was deleted, and again when it is back", async () => {
    const parent = await registry.register("model", "google-bert/bert-base-uncased");
    const children = Array.from({ length: 100 }, (_, index) => ({ id: index + 1000 }));
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
         SELECT value ->> 'id', 'model', 'child', '', 'a/c' || (value ->> 'id'), 'a/c' || (value ->> 'id'),
                'k' || (value ->> 'id'), 1, '', 1, 0, 0 FROM json_each(?1)`,
      ).bind(JSON.stringify(children)),
      env.DB.prepare(
        `INSERT INTO edges (child_id, parent_type, parent_key, parent_source, relation, read_from)
         SELECT value ->> 'id', 'model', 'google-bert/bert-base-uncased', 'google-bert/bert-base-uncased', 'base_model', 'hf_tag'
         FROM json_each(?1)`,
      ).bind(JSON.stringify(children)),
    ]);
    expect(ids(await lineage(Number(parent)))).toHaveLength(101);
    expect((await registry.call("DELETE", `/artifacts/model/${parent}`)).status).toBe(200);
    for (const { id } of children) {
      expect(arrows(await lineage(id))).toEqual([`external:google-bert/bert-base-uncased>${id}`]);
    }
    const again = await registry.register("model", "google-bert/bert-base-uncased");
    expect(again).not.toBe(parent);
    for (const { id } of children.slice(0, 5)) expect(arrows(await lineage(id))).toContain(`${again}>${id}`);
  });

  it("is 404 for what is not a model", async () => {
    const code = await registry.register("code", "https://files.example.org/a.tar");
    for (const id of [code, "999", "abc"]) {
      expect((await registry.call("GET", `/artifact/model/${id}/lineage`)).json).toEqual({
        detail: "Artifact does not exist.",
      });
    }
  });

  it("of registered models is read from tags, cards, adapters and configurations, and says so", async () => {
    for (const name of ["base", "chat", "code", "mini", "blend", "chat-lora", "chat-gguf"]) {
      await registry.register("model", `acme-labs/aster-${name}`);
    }
    const graph = await lineage(1);
    expect(graph.nodes.map((node) => [node.name, node.source, node.metadata?.["detail"]])).toEqual([
      ["aster-base", "registry", undefined],
      ["aster-chat", "hf_tag", "finetune"],
      ["aster-code", "model_card", "finetune"],
      ["aster-mini", "config_json", undefined],
      ["aster-blend", "model_card", "merge"],
      ["aster-chat-lora", "adapter_config", "adapter"],
      ["aster-chat-gguf", "model_card", "quantized"],
    ]);
    const withData = await lineage(1, "?include=datasets");
    expect(withData.edges.map((edge) => edge.relationship)).toContain("fine_tuning_dataset");
    expect(graph.edges.every((edge) => edge.relationship === "base_model")).toBe(true);
  });
});
