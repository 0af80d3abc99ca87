/** How often and how long a session is good, what that costs, and how soon it is over. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { identify } from "../../src/auth/identify.ts";
import { readConfig } from "../../src/config.ts";
import { addUser, allBut, closedRegistry, headersOf, issued } from "../accounts.ts";
import { withFaults } from "../faults.ts";
import { rows } from "../harness.ts";
import { seen, UNAUTHENTICATED } from "../routes/answers.ts";

const closed = closedRegistry();
const config = readConfig(closed.env);

/** Asks as an isolate does, at a time of the test's choosing. */
const come = (headers: Record<string, string>, at = Date.now(), db: Pick<D1Database, "prepare" | "batch"> = env.DB) =>
  identify({ db, config, now: () => at }, { xAuthorization: headers["X-Authorization"] }).then(
    ({ kind }) => kind,
    () => "refused",
  );

const leasesLeft = async () => (await rows<{ leases_left: number }>("SELECT leases_left FROM tokens"))[0]?.leases_left;

describe("a session", () => {
  it("is good for a thousand calls and not for one more, at one write in twenty", async () => {
    const ada = headersOf(await issued("session", await addUser("ada", ["artifact:read"])));
    const { env: counted, names } = withFaults(env);
    let good = 0;
    for (let call = 0; call < 1000; call += 1) if ((await come(ada, Date.now(), counted.DB)) === "user") good += 1;
    expect([good, names.length, await leasesLeft()]).toEqual([1000, 1000, 0]);
    expect(await come(ada)).toBe("refused");
    expect(await come(ada)).toBe("refused");
  });

  it("is spent once by each of many calls at the same time", async () => {
    const ada = headersOf(await issued("session", await addUser("ada", []), { leases_left: 2 }));
    const outcomes: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      outcomes.push(...(await Promise.all(Array.from({ length: 10 }, () => come(ada)))));
    }
    expect(outcomes.filter((outcome) => outcome === "user")).toHaveLength(40);
    expect(await leasesLeft()).toBe(0);
  });

  it("is good until the last millisecond of its ten hours", async () => {
    const now = Date.now();
    const ada = headersOf(await issued("session", await addUser("ada", []), { expires_at: now + 36_000_000 }));
    expect(await come(ada, now + 35_999_999)).toBe("user");
    expect(await come(ada, now + 36_000_000)).toBe("refused");
  });

  it("that was revoked is dead with the next call, though calls of its lease are left", async () => {
    const ada = await issued("session", await addUser("ada", []));
    expect(await come(headersOf(ada))).toBe("user");
    await env.DB.prepare("DELETE FROM tokens").run();
    expect(await come(headersOf(ada))).toBe("refused");
  });

  it("is not used up by somebody who knows its id alone", async () => {
    const ada = await issued("session", await addUser("ada", []));
    const guess = ada["X-Authorization"]?.replace(/.{43}$/, "x".repeat(43)) ?? "";
    for (let tries = 0; tries < 60; tries += 1) expect(await come({ "X-Authorization": guess })).toBe("refused");
    expect(await leasesLeft()).toBe(50);
    // nor are the calls that an isolate has taken out
    expect(await come(headersOf(ada))).toBe("user");
    for (let tries = 0; tries < 30; tries += 1) expect(await come({ "X-Authorization": guess })).toBe("refused");
    const guesses = Array.from({ length: 30 }, () => come({ "X-Authorization": guess }));
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(["refused"]));
    for (let call = 0; call < 19; call += 1) expect(await come(headersOf(ada))).toBe("user");
    expect(await leasesLeft()).toBe(49);
  });

  it("costs a request one statement on the primary, and an open registry none", async () => {
    const ada = headersOf(await issued("session", await addUser("ada", allBut())));
    const opened: (string | undefined)[] = [];
    const statements: string[] = [];
    const DB = {
      prepare: (sql: string) => {
        statements.push(sql);
        return env.DB.prepare(sql);
      },
      withSession: (constraint?: string) => {
        opened.push(constraint);
        return env.DB.withSession(constraint);
      },
    } as unknown as D1Database;
    const watched = closedRegistry({ DB });
    for (let call = 0; call < 3; call += 1) await watched.call("GET", "/artifacts/code/1", undefined, ada);
    expect(statements.map((sql) => sql.trim().split(" ")[0])).toEqual(["UPDATE", "SELECT", "SELECT"]);
    expect(opened).toEqual(Array(3).fill("first-unconstrained"));
    statements.length = 0;
    await watched.call("GET", "/artifacts/code/1", undefined, { "X-Authorization": "bearer nonsense" });
    await closedRegistry({ DB, AUTH: "off" }).call("GET", "/artifacts/code/1", undefined, ada);
    expect(statements).toEqual([]);
  });

  it("is not taken for bad when the database is down", async () => {
    const ada = headersOf(await issued("session", await addUser("ada", ["artifact:read"])));
    const down = closedRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ }).env);
    expect((await down.call("POST", "/artifacts", [], ada)).status).toBe(500);
    expect((await closed.call("POST", "/artifacts", [], ada)).status).toBe(200);
    await env.DB.prepare("DELETE FROM tokens").run();
    expect(seen(await closed.call("POST", "/artifacts", [], ada))).toEqual(UNAUTHENTICATED);
  });
});
