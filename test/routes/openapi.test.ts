/** The OpenAPI document says what the registry does: no route more, no status less, and the shapes that are answered. */

import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { refusalOf } from "../../src/errors.ts";
import { FINDINGS } from "../../src/inspection/findings.ts";
import { closedRegistry, credentials, headersOf, issued, OWNER } from "../accounts.ts";
import { createRegistry, type TestRegistry } from "../harness.ts";
import { bytesOf, keepFiles } from "../zip/kept.ts";
import { linkIn, source } from "./answers.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
}
interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  description?: string;
  requestBody?: { required?: boolean; content?: Record<string, unknown> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
}

const registry = createRegistry();
const read = async () => (await registry.call("GET", "/openapi.json")).json as Document;

/** The contract's statuses of each route; 401 and 403 are every closed route's. */
const STATUSES: Record<string, number[]> = {
  "post /artifact/{artifact_type}": [201, 202, 400, 401, 403, 409, 413, 424, 500, 502],
  "get /artifacts/{artifact_type}/{id}": [200, 400, 401, 403, 404, 500],
  "put /artifacts/{artifact_type}/{id}": [200, 400, 401, 403, 404, 409, 412, 413, 424, 500, 502],
  "delete /artifacts/{artifact_type}/{id}": [200, 400, 401, 403, 404, 409, 500],
  "get /artifacts/{artifact_type}/{id}/download": [200, 206, 304, 400, 403, 404, 410, 416, 500],
  "post /artifacts": [200, 400, 401, 403, 413, 500],
  "post /artifacts/delete": [200, 400, 401, 403, 413, 500],
  "get /artifact/byName/{name}": [200, 400, 401, 403, 500],
  "post /artifact/byRegEx": [200, 400, 401, 403, 404, 413, 500],
  "get /deletions/{id}": [200, 400, 401, 403, 404, 500],
  "delete /reset": [200, 400, 401, 403, 409, 500],
  "get /health": [200, 503],
  "get /health/components": [200, 400],
  "put /authenticate": [200, 400, 401, 403, 413, 501],
  "post /tokens": [201, 400, 401, 403, 409, 413, 501],
  "get /tokens": [200, 400, 401, 403, 501],
  "delete /tokens/{id}": [200, 400, 401, 403, 404, 501],
  "post /users": [201, 400, 401, 403, 409, 413, 501],
  "get /users": [200, 400, 401, 403, 501],
  "patch /users/{name}": [200, 400, 401, 403, 404, 409, 413, 501],
  "delete /users/{name}": [200, 400, 401, 403, 404, 409, 501],
  "get /tracks": [200],
  "get /artifact/{artifact_type}/{id}/audit": [200, 400, 401, 403, 404, 500],
  "get /audit": [200, 400, 401, 403, 500],
  "get /audit/verify": [200, 400, 401, 403, 500],
  "get /artifact/{artifact_type}/{id}/rate": [200, 400, 401, 403, 404, 500],
  "get /artifact/model/{id}/lineage": [200, 400, 401, 403, 404, 500],
  "get /artifact/{artifact_type}/{id}/cost": [200, 400, 401, 403, 404, 500],
  "post /artifact/model/{id}/license-check": [200, 400, 401, 403, 404, 413, 500, 502],
  "get /artifacts/{artifact_type}/{id}/files": [200, 400, 401, 403, 404, 500],
  "get /artifacts/{artifact_type}/{id}/files/{path}": [200, 206, 304, 400, 401, 403, 404, 410, 416, 500],
  "get /artifacts/{artifact_type}/{id}/inspection": [200, 400, 401, 403, 404, 500],
  "get /hf/api/{kind}/{repo}": [200, 400, 401, 403, 404, 500],
  "get /hf/api/{kind}/{repo}/revision/{revision}": [200, 400, 401, 403, 404, 500],
  "get /hf/api/{kind}/{repo}/tree/{revision}": [200, 400, 401, 403, 404, 500],
  "get /hf/api/{kind}/{repo}/tree/{revision}/{path}": [200, 400, 401, 403, 404, 500],
  "post /hf/api/{kind}/{repo}/paths-info/{revision}": [200, 400, 401, 403, 404, 413, 500],
  "get /hf/api/whoami-v2": [200, 401, 403, 500],
  "get /hf/{repo}/resolve/{revision}/{path}": [200, 206, 304, 400, 401, 403, 404, 416, 500],
  "get /hf/datasets/{repo}/resolve/{revision}/{path}": [200, 206, 304, 400, 401, 403, 404, 416, 500],
};

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ key: `${method} ${path}`, path, operation })),
  );

/** Where a value is not what a schema says; a key that the schema does not name is a finding too. */
function mismatches(value: unknown, schema: Schema, document: Document, at = "$"): string[] {
  if (schema.$ref) {
    const named = document.components.schemas[schema.$ref.replace("#/components/schemas/", "")];
    return named ? mismatches(value, named, document, at) : [`${at}: no ${schema.$ref}`];
  }
  if (schema.anyOf) {
    const tries = schema.anyOf.map((option) => mismatches(value, option, document, at));
    return tries.some((found) => found.length === 0) ? [] : tries.flat();
  }
  if ("const" in schema) return value === schema.const ? [] : [`${at}: is not ${schema.const}`];
  if (schema.enum) return schema.enum.includes(value) ? [] : [`${at}: ${value} is none of ${schema.enum}`];
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  const wanted = schema.type === "integer" ? "number" : schema.type;
  if (type !== wanted) return [`${at}: is ${type}, not ${schema.type}`];
  if (schema.pattern && !new RegExp(schema.pattern).test(String(value))) return [`${at}: does not match`];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => mismatches(item, schema.items ?? {}, document, `${at}[${index}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  const missing = (schema.required ?? []).filter((key) => !(key in value)).map((key) => `${at}.${key}: missing`);
  const inside = Object.entries(value).flatMap(([key, item]) => {
    const property = schema.properties?.[key] ?? schema.additionalProperties;
    if (property === undefined || typeof property === "boolean") return property ? [] : [`${at}.${key}: undocumented`];
    return Object.keys(property).length === 0 ? [] : mismatches(item, property, document, `${at}.${key}`);
  });
  return [...missing, ...inside];
}

describe("the OpenAPI document", () => {
  it("is of version 3.1, complete in its head, and the same under /api and for everyone", async () => {
    const answer = await registry.call("GET", "/openapi.json");
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, "application/json"]);
    const { openapi, info, components } = answer.json as Document;
    expect(openapi).toBe("3.1.0");
    expect(info).toMatchObject({ title: expect.any(String), version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(Object.keys(components.securitySchemes).sort()).toEqual([
      "Authorization",
      "CloudflareAccess",
      "XAuthorization",
    ]);
    expect((await registry.call("GET", "/api/openapi.json")).text).toBe(answer.text);
    expect((await createRegistry({ AUTH: "required" }).call("GET", "/openapi.json")).text).toBe(answer.text);
  });

  it("has every route that the app has, and no other", async () => {
    const routed = createApp()
      .routes.filter(({ method, path }) => method !== "ALL" && !/^\/($|docs|openapi\.json|favicon\.ico)/.test(path))
      // answers "the name must not be empty" for a path that is no other route's
      .filter(({ path }) => path !== "/artifact/byName/")
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const documented = operationsOf(await read()).map(({ key }) => key);
    expect(documented.toSorted()).toEqual([...new Set(routed)].toSorted());
    expect(documented.toSorted()).toEqual(expect.arrayContaining(Object.keys(STATUSES)));
  });

  it.each(Object.entries(STATUSES))("names every status of %s", async (key, statuses) => {
    const operation = operationsOf(await read()).find((candidate) => candidate.key === key)?.operation;
    expect(Object.keys(operation?.responses ?? {}).map(Number)).toEqual(expect.arrayContaining(statuses));
  });

  it("says what an upload may be, and has generated clients send bytes", async () => {
    const operations = operationsOf(await read());
    const find = (id: string) => operations.find(({ operation }) => operation.operationId === id)?.operation;
    const binary = { schema: { type: "string", format: "binary" } };
    expect(find("ArtifactContentPut")?.requestBody?.content).toEqual({
      "application/zip": binary,
      "application/octet-stream": binary,
    });
    expect(find("ArtifactUploadPartPut")?.requestBody?.content).toEqual({ "application/octet-stream": binary });
    for (const id of ["ArtifactContentPut", "ArtifactUploadStart"]) {
      expect(find(id)?.description, id).toMatch(/`unknown`, which nobody can vouch for, is let in/);
      for (const fact of ["deflated", "symbolic links", "4 GB", "200:1", "75000", "scikit-learn", "content_corrupt"]) {
        expect(find(id)?.description, id).toContain(fact);
      }
    }
  });

  it("describes every operation, its path's parameters and its refusals in the one envelope", async () => {
    const operations = operationsOf(await read());
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { key, path, operation } of operations) {
      expect(operation.summary, key).toMatch(/\w/);
      const named = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(named.map(({ name }) => `{${name}}`).toSorted(), key).toEqual(
        [...(path.match(/\{\w+\}/g) ?? [])].toSorted(),
      );
      expect(
        named.every(({ required }) => required),
        key,
      ).toBe(true);
      // the one whose path says all that there is to say
      const saysItAll = key === "post /artifacts/{artifact_type}/{id}/mirror";
      if (/^(post|put) /.test(key) && !saysItAll) expect(operation.requestBody?.required, key).toBe(true);
      // a body is bounded whether the route wants one or not
      if (/^(post|put|patch) /.test(key)) expect(Object.keys(operation.responses), key).toContain("413");
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(description, `${key} ${status}`).toMatch(/\w/);
        if (
          Number(status) < 400 ||
          status === "503" ||
          (key === "delete /artifacts/{artifact_type}/{id}" && status === "409")
        )
          continue;
        // a refused upload says beside the envelope what was found in it
        const refusal = description.includes(refusalOf("upload_refused").detail) ? "UploadRefusal" : "Error";
        expect(content, `${key} ${status}`).toEqual({
          "application/json": {
            schema: { $ref: `#/components/schemas/${path.startsWith("/hf/") ? "Hub" : ""}${refusal}` },
          },
        });
      }
    }
  });

  it("knows no null, and every reference leads somewhere", async () => {
    const document = await read();
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/nullable|"null"|:null/);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? "");
    expect(names.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it("knows one shape of a finding, of the severities that an inspection gives", async () => {
    const { schemas } = (await read()).components;
    expect(schemas["Finding"]?.properties?.["severity"]?.enum).toEqual([...new Set(Object.values(FINDINGS))]);
    for (const name of ["Inspection", "UploadRefusal"]) {
      expect(JSON.stringify(schemas[name])).toContain('"items":{"$ref":"#/components/schemas/Finding"}');
    }
  });

  it("shows the answers that are given", async () => {
    const document = await read();
    const seen: string[] = [];
    const checkIn = async (of: TestRegistry, key: string, ...call: Parameters<TestRegistry["call"]>) => {
      const [method, path] = call;
      const answer = await of.call(...call);
      const response = document.paths[key.split(" ")[1] ?? ""]?.[method.toLowerCase()]?.responses[answer.status];
      const schema = response?.content?.["application/json"]?.schema;
      const wrong = schema ? mismatches(answer.json, schema, document) : [`${answer.status} has no schema`];
      expect(wrong, `${method} ${path} ${answer.status} ${answer.text}`).toEqual([]);
      seen.push(`${key} ${answer.status}`);
      return answer;
    };
    const check = (key: string, ...call: Parameters<TestRegistry["call"]>) => checkIn(registry, key, ...call);
    const closed = closedRegistry();
    const checkClosed = (key: string, ...call: Parameters<TestRegistry["call"]>) => checkIn(closed, key, ...call);
    const one = "post /artifact/{artifact_type}";
    const by = "/artifacts/{artifact_type}/{id}";
    await check(one, "POST", "/artifact/model", { url: "acme-labs/aster-base", name: "aster" });
    await check(one, "POST", "/artifact/model", { url: "acme-labs/aster-chat" });
    await check(one, "POST", "/artifact/code", { url: source("x"), name: "x" });
    await check(one, "POST", "/artifact/code", { url: source("x"), name: "x" });
    await check(one, "POST", "/artifact/code", { url: source("y"), name: "y" }, { Prefer: "respond-async" });
    const read_ = await check(`get ${by}`, "GET", "/artifacts/code/3");
    await check(`put ${by}`, "PUT", "/artifacts/code/3", read_.json);
    await check(`get ${by}/download`, "GET", linkIn(read_).replace("signature=", "signature=x"));
    await check("post /artifacts", "POST", "/artifacts", []);
    await check("get /artifact/byName/{name}", "GET", "/artifact/byName/aster");
    await check("post /artifact/byRegEx", "POST", "/artifact/byRegEx", { regex: "^aster" });
    await check("get /artifact/{artifact_type}/{id}/rate", "GET", "/artifact/model/1/rate?explain=true");
    await check("get /artifact/model/{id}/lineage", "GET", "/artifact/model/2/lineage?include=datasets");
    await check(
      "get /artifact/{artifact_type}/{id}/cost",
      "GET",
      "/artifact/model/2/cost?dependency=true&currency=usd",
    );
    const license = { github_url: "https://github.com/acme-labs/aster" };
    for (const query of ["", "?explain=true"]) {
      await check(
        "post /artifact/model/{id}/license-check",
        "POST",
        `/artifact/model/1/license-check${query}`,
        license,
      );
    }
    const files = [{ path: "onnx/model.onnx", bytes: bytesOf("{}") }];
    await keepFiles("2", files, { verdict: "unknown", findings: [{ code: "a", severity: "unknown", detail: "b" }] });
    await check(`get ${by}/files`, "GET", "/artifacts/model/2/files");
    await check(`get ${by}/files/{path}`, "GET", "/artifacts/model/2/files/none");
    await check(`get ${by}/inspection`, "GET", "/artifacts/model/2/inspection");
    const hub = "/hf/api/models/acme-labs/aster-chat";
    const of = "/hf/api/{kind}/{repo}";
    await check(`get ${of}`, "GET", `${hub}?blobs=true`);
    await check(`get ${of}/revision/{revision}`, "GET", `${hub}/revision/none`);
    await check(`get ${of}/tree/{revision}`, "GET", `${hub}/tree/main?recursive=true&expand=true`);
    await check(`get ${of}/tree/{revision}/{path}`, "GET", `${hub}/tree/main/onnx`);
    await check(`post ${of}/paths-info/{revision}`, "POST", `${hub}/paths-info/main`, { paths: ["onnx"] });
    await check("get /hf/api/whoami-v2", "GET", "/hf/api/whoami-v2");
    const at = "{repo}/resolve/{revision}/{path}";
    await check(`get /hf/${at}`, "GET", "/hf/acme-labs/aster-chat/resolve/main/none");
    await check(`get /hf/datasets/${at}`, "GET", "/hf/datasets/none/resolve/main/none");
    await check("get /artifact/{artifact_type}/{id}/audit", "GET", "/artifact/model/1/audit");
    await check("get /audit", "GET", "/audit?actor=anonymous");
    await registry.seal();
    await check("get /audit/verify", "GET", "/audit/verify");
    await check(`delete ${by}`, "DELETE", "/artifacts/model/1?dry_run=true");
    await check(`delete ${by}`, "DELETE", "/artifacts/model/1?dependents=refuse");
    await check(`delete ${by}`, "DELETE", "/artifacts/model/1");
    await check(`delete ${by}`, "DELETE", "/artifacts/model/1");
    await check("get /deletions/{id}", "GET", "/deletions/1");
    await check("post /artifacts/delete", "POST", "/artifacts/delete", { ids: [{ type: "code", id: "3" }] });
    await check("delete /reset", "DELETE", "/reset");
    await check("get /health", "GET", "/health");
    await check("get /health/components", "GET", "/health/components?includeTimeline=true");
    await check("get /tracks", "GET", "/tracks");
    await check("put /authenticate", "PUT", "/authenticate", {});
    const owner = headersOf(await issued("session", null));
    await checkClosed("put /authenticate", "PUT", "/authenticate", credentials("root", OWNER.ADMIN_PASSWORD));
    await checkClosed("put /authenticate", "PUT", "/authenticate", credentials("root", "wrong"));
    await checkClosed("post /users", "POST", "/users", { name: "ada", password: "a password of hers" }, owner);
    await checkClosed("post /users", "POST", "/users", { name: "ada", password: "a password of hers" }, owner);
    await checkClosed("get /users", "GET", "/users", undefined, owner);
    await checkClosed("patch /users/{name}", "PATCH", "/users/ada", { scopes: ["search"] }, owner);
    await checkClosed("delete /users/{name}", "DELETE", "/users/ada", undefined, owner);
    const wanted = { name: "ci", scopes: ["search"], expires_at: "2099-01-01T00:00:00Z" };
    const made = await checkClosed("post /tokens", "POST", "/tokens", wanted, owner);
    await checkClosed("get /tokens", "GET", "/tokens", undefined, owner);
    const { id } = made.json as { id: string };
    await checkClosed("delete /tokens/{id}", "DELETE", `/tokens/${id}`, undefined, owner);
    await checkClosed("delete /tokens/{id}", "DELETE", `/tokens/${id}`, undefined, owner);
    await checkClosed("delete /reset", "DELETE", "/reset?confirm=1", undefined, owner);
    await checkClosed("get /users", "GET", "/users");
    expect(seen.map((key) => key.replace(/ \d+$/, ""))).toEqual(expect.arrayContaining(Object.keys(STATUSES)));
    expect(
      seen.filter((key) => /^(post \/artifact\/|delete \/artifacts)/.test(key)).map((key) => key.slice(-3)),
    ).toEqual(expect.arrayContaining(["201", "202", "409", "200", "404"]));
  });
});
