import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";

/** A registry whose sessions are written down as they are opened. */
function watched(): { registry: ReturnType<typeof createRegistry>; opened: (string | undefined)[] } {
  const opened: (string | undefined)[] = [];
  const DB = {
    withSession: (constraint?: string) => {
      opened.push(constraint);
      return env.DB.withSession(constraint);
    },
  } as unknown as D1Database;
  return { registry: createRegistry({ DB }), opened };
}

describe("the database session of a request", () => {
  it.each([
    ["GET", "/artifacts/code/1"],
    ["GET", "/artifact/byName/x"],
    ["GET", "/artifact/model/1/rate"],
    ["POST", "/artifacts", []],
    ["POST", "/api/artifact/byRegEx", { regex: "x" }],
  ])(
    "of %s %s may read from the nearest replica, or from a state as new as the client knows",
    async (method, path, body?: unknown) => {
      const { registry, opened } = watched();
      await registry.call(method, path, body);
      await registry.call(method, path, body, { "X-D1-Bookmark": "00000000-0000000a-00004e21-abcdef" });
      await registry.call(method, path, body, { "X-D1-Bookmark": "'; DROP TABLE artifacts" });
      expect(opened).toEqual(["first-unconstrained", "00000000-0000000a-00004e21-abcdef", "first-unconstrained"]);
    },
  );

  it.each([
    ["DELETE", "/artifacts/code/1"],
    ["DELETE", "/reset"],
    ["POST", "/artifacts/delete", { ids: [{ type: "code", id: "1" }] }],
    ["POST", "/artifact/code", { url: "https://files.example.org/a.tar" }],
    ["GET", "/artifacts/code/1/download?expires=1&signature=x"],
  ])("of %s %s begins at the primary, whatever the client sends", async (method, path, body?: unknown) => {
    const { registry, opened } = watched();
    await registry.call(method, path, body, { "X-D1-Bookmark": "00000000-0000000a-00004e21-abcdef" });
    expect(opened).toEqual(["first-primary"]);
  });

  it("is named by a bookmark that the answer carries, and that pages may read", async () => {
    const registry = createRegistry();
    const answer = await registry.call("POST", "/artifact/code", { url: "https://files.example.org/a.tar" });
    const bookmark = answer.headers.get("X-D1-Bookmark") ?? "";
    expect(bookmark).toMatch(/^[\w-]+$/);
    expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("X-D1-Bookmark");
    const read = await registry.call("GET", "/artifacts/code/1", undefined, { "X-D1-Bookmark": bookmark });
    expect(read.status).toBe(200);
  });
});
