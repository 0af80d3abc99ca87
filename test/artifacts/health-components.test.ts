import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";

interface Report {
  components: {
    id: string;
    status: string;
    metrics: Record<string, unknown>;
    issues: { code: string }[];
    timeline?: unknown[];
  }[];
  generated_at: string;
  window_minutes: number;
}
const registry = createRegistry();
async function report(of = registry, query = ""): Promise<Report> {
  const answer = await of.call("GET", `/health/components${query}`);
  expect(answer.status).toBe(200);
  return answer.json as Report;
}
const component = (found: Report, id: string) => found.components.find((one) => one.id === id);

describe("the health of the components", () => {
  it("names the six, counts the window's writes, and cuts them into a timeline if asked", async () => {
    const id = await registry.register("code", "https://files.example.org/a.tar");
    await registry.call("DELETE", `/artifacts/code/${id}`);
    const found = await report(registry, "?windowMinutes=5&includeTimeline=true");
    expect(found.components.map((one) => one.id)).toEqual(["api", "d1", "r2", "hugging_face", "github", "sweep"]);
    expect(found.window_minutes).toBe(5);
    expect(component(found, "api")).toMatchObject({
      status: "ok",
      metrics: { registrations: 1, updates: 0, deletions: 1 },
    });
    const values = component(found, "api")?.timeline as { value: number }[];
    expect(values.reduce((sum, entry) => sum + entry.value, 0)).toBe(2);
    expect(component(await report(), "api")?.timeline).toBeUndefined();
  });

  it("says what is down", async () => {
    const broken = (only: RegExp) =>
      createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only }).env);
    expect(component(await report(broken(/^bucket/)), "r2")).toMatchObject({
      status: "critical",
      issues: [{ code: "r2_unreachable" }],
    });
    const noDatabase = await report(broken(/^db/));
    expect(component(noDatabase, "d1")?.status).toBe("critical");
    expect(component(noDatabase, "sweep")?.status).toBe("unknown");
  });

  it("tells of the upstreams as they last answered", async () => {
    await registry.call("POST", "/artifact/model", { url: "hostile/broken" });
    expect(component(await report(), "hugging_face")).toMatchObject({
      status: "degraded",
      issues: [{ code: "upstream_failing", details: "HTTP 500" }],
    });
    await registry.register("model", "google-bert/bert-base-uncased");
    expect(component(await report(), "hugging_face")?.status).toBe("ok");
  });

  it("knows when the sweep last ran, and when it is overdue", async () => {
    expect(component(await report(), "sweep")?.status).toBe("unknown");
    await registry.sweep();
    expect(component(await report(), "sweep")?.status).toBe("ok");
    await registry.sweep(Date.now() - 16 * 60_000);
    expect(component(await report(), "sweep")?.issues).toMatchObject([{ code: "sweep_overdue" }]);
  });

  it.each(["4", "1441", "x", ""])("refuses a window of %j minutes", async (minutes) => {
    expect((await registry.call("GET", `/health/components?windowMinutes=${minutes}`)).status).toBe(400);
  });
});
