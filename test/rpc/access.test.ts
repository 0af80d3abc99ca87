/** Who may do what over a binding, what is reachable there, and what crosses when something goes wrong. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, WorkerEntrypoint } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { inputs } from "../../src/rpc/inputs.ts";
import { asRefusal } from "../../src/rpc/refusal.ts";
import { RegistryService } from "../../src/rpc.ts";
import { withFaults } from "../faults.ts";
import { createRegistry, rows } from "../harness.ts";
import { source, UNAUTHENTICATED, world } from "../routes/answers.ts";
import { call, comeToRest, play, said } from "./binding.ts";

const registry = createRegistry();
afterEach(comeToRest);
const REF = { type: "code", id: "1" };
const METADATA = { name: "a", id: "1", type: "code" };

/** One call of every method, and the sentence of the scope that it takes. */
const CALLS: Record<keyof typeof inputs, [input: object, sentence: string]> = {
  register: [{ type: "code", url: source("b") }, "register or update artifacts"],
  registerLater: [{ type: "code", url: source("b") }, "register or update artifacts"],
  update: [{ metadata: METADATA, data: { url: source("b") } }, "register or update artifacts"],
  registration: [{ id: "1" }, "read artifacts"],
  get: [REF, "read artifacts"],
  summary: [REF, "read artifacts"],
  list: [{}, "read artifacts"],
  findByName: [{ name: "a" }, "read artifacts"],
  search: [{ regex: "a" }, "search artifacts"],
  rate: [{ id: "1" }, "read artifacts"],
  lineage: [{ id: "1" }, "read artifacts"],
  cost: [REF, "read artifacts"],
  checkLicense: [{ id: "1", github_url: "https://github.com/acme-labs/aster" }, "read artifacts"],
  remove: [REF, "delete artifacts"],
  removeMany: [{ ids: [REF] }, "delete artifacts"],
  receipt: [{ id: "1" }, "read artifacts"],
  download: [REF, "download artifacts"],
};
const METHODS = Object.keys(CALLS) as (keyof typeof inputs)[];
const denied = (method: keyof typeof inputs) => `401 not_permitted: You do not have permission to ${CALLS[method][1]}.`;

describe("what a Worker may do", () => {
  it.each(METHODS)("is nothing without scopes: %s is refused, and changes nothing", async (method) => {
    await registry.register("code", source("a"), "a");
    const before = await world();
    expect(said(await call(method, CALLS[method][0], "POWERLESS"))).toBe(denied(method));
    // Permission before validation.
    for (const argument of [null, {}, { id: "!!", type: "nonsense", offset: -1 }]) {
      expect(said(await call(method, argument, "POWERLESS"))).toBe(denied(method));
    }
    expect(await world()).toEqual(before);
  });

  it("is reading, where its binding has no props", async () => {
    await registry.register("code", source("a"), "a");
    const before = await world();
    const reading = ["read artifacts", "search artifacts", "download artifacts"];
    for (const method of METHODS) {
      const outcome = said(await call(method, CALLS[method][0], "READER"));
      expect(outcome === denied(method), method).toBe(!reading.includes(CALLS[method][1]));
    }
    await comeToRest();
    const { audit, ...rest } = await world();
    const { audit: earlier, ...untouched } = before;
    expect(rest).toEqual(untouched);
    // a download is the one thing that a reader leaves behind
    expect((audit as { action: string }[]).slice((earlier as []).length).map(({ action }) => action)).toEqual([
      "DOWNLOAD",
    ]);
  });

  it("is no more than its scopes say, however it asks", async () => {
    await registry.register("code", source("a"), "a");
    expect(said(await call("get", REF, "DELETER"))).toBe(denied("get"));
    for (const forged of [{ actor: "root" }, { props: { scopes: ["admin"] } }, { scopes: ["admin"] }]) {
      expect(said(await call("remove", { ...REF, ...forged }, "READER"))).toBe(denied("remove"));
      expect(said(await call("remove", { ...REF, ...forged }, "DELETER"))).toMatch(/^400 .* Unrecognized key/);
    }
    expect((await call("remove", REF, "DELETER")).value).toEqual({ status: "deleted", id: "1" });
    expect(await rows("SELECT requested_by AS who FROM deletions")).toEqual([{ who: "worker:janitor" }]);
  });

  it("is everything with the scope admin", async () => {
    await registry.register("code", source("a"), "a");
    expect((await call("removeMany", { ids: [REF] }, "ADMIN")).value).toEqual([{ ...REF, status: "deleted" }]);
  });

  it("does not include a signed link for whoever may not download: a link lets in who holds it", async () => {
    await registry.register("code", source("a"), "a");
    const asked = { ...REF, origin: "https://registry.example" };
    expect((await call("get", asked, "LOOKER")).value).toMatchObject({ data: { url: source("a") } });
    expect(JSON.stringify(await call("get", asked, "LOOKER"))).not.toContain("signature");
    expect(JSON.stringify(await call("get", asked))).toContain("https://registry.example/artifacts/code/1/download?");
  });

  it.each([
    ["NO_SUCH_SCOPE", /^props\.scopes\.0: Invalid option/],
    ["NAMELESS", /^props\.name: /],
    ["FORGED_NAME", /^props\.name: must be 1 to 64 letters, digits, dots, dashes or underscores/],
    ["TEXT_SCOPES", /^props\.scopes: .*expected array/],
    ["MORE_KEYS", /^props: Unrecognized key: "isAdmin"/],
  ])("is nothing at all with props that cannot be meant (%s), and the caller is told why", async (binding, why) => {
    const { refusal } = await call("list", {}, binding);
    expect(refusal).toMatchObject({ code: "unauthenticated", status: 403 });
    expect(refusal?.detail.replace("The service binding is malformed: ", "")).toMatch(why);
  });
});

describe("what is reachable over a binding", () => {
  it("is every documented method, and nothing else on the class", () => {
    const names = Reflect.ownKeys(RegistryService.prototype);
    expect(names.toSorted()).toEqual(["constructor", "fetch", ...METHODS].toSorted());
    expect(METHODS.toSorted()).toEqual(Object.keys(inputs).toSorted());
    expect(Object.getPrototypeOf(RegistryService.prototype)).toBe(WorkerEntrypoint.prototype);
    expect(Object.getOwnPropertyNames(WorkerEntrypoint.prototype)).toEqual(["constructor"]);
  });

  it.each(METHODS)("is %s", async (method) => {
    expect(said(await call(method, null, "ADMIN"))).toBe(
      "400 invalid_request: Invalid request: argument: Invalid input: expected object, received null",
    );
  });

  const OTHERS = [
    "env",
    "ctx",
    "#serve",
    "serve",
    "_serve",
    "reset",
    "sweep",
    "purge",
    "permit",
    "removeListed",
    "DB",
    "blobs",
  ];
  it("is nothing by any other name, called or read", async () => {
    const missing = (name: string) => `The RPC receiver does not implement the method "${name}".`;
    const reached = await play("reach", OTHERS, "ADMIN");
    expect(reached).toEqual(
      Object.fromEntries(
        OTHERS.map((name) => [name, [{ name: "TypeError", message: missing(name), own: ["remote"] }, missing(name)]]),
      ),
    );
  });

  it("is the whole HTTP interface by fetch, where tokens count and props do not", async () => {
    await registry.register("code", source("a"), "a");
    const fetched = (path: string, method = "GET") =>
      env.CONSUMER.fetch(`https://consumer.test/fetch/${path}?binding=ADMIN`, { method });
    const health = await fetched("health");
    expect([health.status, await health.json()]).toMatchObject([200, { artifacts: { code: 1 } }]);
    const removal = await fetched("artifacts/code/1", "DELETE");
    expect([removal.status, await removal.json()]).toEqual(UNAUTHENTICATED);
  });
});

describe("an error that crosses a binding", () => {
  it("carries code, status, detail and what else the body has, and nothing of the inside", async () => {
    await registry.register("model", "acme-labs/aster-base");
    await registry.register("model", "acme-labs/aster-chat");
    const { refusal, ...error } = await call("remove", { type: "model", id: "1", dependents: "refuse" });
    expect(refusal).toEqual({
      code: "has_dependents",
      status: 409,
      detail: "Artifact has dependents.",
      dependents: [{ name: "aster-chat", id: "2", type: "model" }],
      request_id: expect.any(String),
    });
    expect(error).toEqual({
      name: "RegistryError [has_dependents]",
      message: "Artifact has dependents.",
      own: ["code", "dependents", "detail", "name", "remote", "request_id", "status"],
    });
  });

  it("says of a refused model what was measured and what would be let in", async () => {
    const { refusal } = await call("register", { type: "model", url: "acme-labs/newborn" });
    expect(refusal).toMatchObject({
      code: "ingest_rejected",
      status: 424,
      detail: "Ingest rejected: created 0.0 days ago < 7 days",
      failing: [{ metric: "age_days", score: 0, least: 7, reason: expect.any(String) }],
    });
  });

  it("is told apart by a caller of an older compatibility date, too, who gets no properties", async () => {
    const { refusal, own } = await call("get", REF, "REGISTRY", env.OLD_CONSUMER);
    expect(own).toEqual(["remote"]);
    expect(refusal).toEqual({ code: "artifact_not_found", status: 404, detail: "Artifact does not exist." });
  });

  it("is no refusal when it is somebody else's", () => {
    const named = Object.assign(new Error("x"), { name: "RegistryError [no_such_code]", code: "not_found" });
    for (const error of [new Error("Artifact does not exist."), new TypeError("x"), named, "x", null, { code: "x" }]) {
      expect(asRefusal(error)).toBeUndefined();
    }
  });
});

describe("a call in the log", () => {
  /** Calls a method of an entrypoint that the test holds itself, and collects what is logged. */
  async function logged(props: unknown, bindings: Partial<Env>, run: (service: RegistryService) => Promise<unknown>) {
    const lines: unknown[] = [];
    for (const level of ["info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((text: string) => lines.push({ level, ...JSON.parse(text) }));
    }
    const execution = createExecutionContext();
    Object.defineProperty(execution, "props", { value: props });
    const error = await run(new RegistryService(execution, { ...env, ...bindings })).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await waitOnExecutionContext(execution);
    return { lines, error };
  }
  const trainer = { name: "trainer", scopes: ["artifact:read"] };
  const line = { event: "call", request_id: expect.any(String), ms: expect.any(Number), actor: "worker:trainer" };

  it("is one line: method, actor, milliseconds, how it ended", async () => {
    await registry.register("code", source("a"), "a");
    const good = await logged(trainer, {}, (service) => service.get({ type: "code", id: "1" }));
    expect(good.lines).toEqual([{ ...line, level: "info", method: "get", outcome: "ok" }]);
    const refused = await logged(trainer, {}, (service) => service.remove({ type: "code", id: "1" }));
    expect(refused.lines).toEqual([{ ...line, level: "info", method: "remove", outcome: "not_permitted" }]);
    expect(asRefusal(refused.error)?.request_id).toBe((refused.lines[0] as { request_id: string }).request_id);
  });

  it("says of an unforeseen error what it was; the caller is told nothing of it", async () => {
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ }).env;
    const { lines, error } = await logged(trainer, down, (service) => service.get({ type: "code", id: "1" }));
    expect(lines).toMatchObject([
      { level: "error", event: "unforeseen_error", error: "Error: injected before db.first" },
      { ...line, level: "error", method: "get", outcome: "internal" },
    ]);
    expect(asRefusal(error)).toMatchObject({ code: "internal", status: 500, detail: "Internal server error." });
    expect(JSON.stringify({ ...(error as Error) })).not.toContain("injected");
  });

  it("says of a binding that cannot be meant what is wrong with it", async () => {
    const { lines } = await logged({ name: "x" }, {}, (service) => service.list({}));
    expect(lines).toMatchObject([
      { level: "error", event: "malformed_binding", detail: expect.stringContaining("props.scopes") },
      { level: "info", event: "call", method: "list", outcome: "unauthenticated" },
    ]);
  });

  it("begins every call at the primary, so that a Worker finds what it has just registered", async () => {
    const opened: unknown[] = [];
    const DB = new Proxy(env.DB, {
      get(target, key) {
        if (key === "withSession") opened.push(key);
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect((await logged(trainer, { DB }, (service) => service.list({}))).error).toBeUndefined();
    expect(opened).toEqual([]);
  });
});
