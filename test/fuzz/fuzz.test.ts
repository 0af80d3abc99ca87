/**
 * Every route of the OpenAPI document under random requests that are valid, nearly valid, or nonsense: no failure that nothing
 * explains, no answer that the document does not describe, and the registry's invariants in the end. A route that is added
 * is in it by being in the document.
 *
 * `FUZZ_REQUESTS=20000` runs longer, `FUZZ_SEED=7` another course; a failure names the seed and the request.
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { headersOf, issued, OWNER } from "../accounts.ts";
import { createMirroringRegistry } from "../artifacts/mirroring.ts";
import { brokenInvariants, unfinishedWork } from "../harness.ts";
import { problemsOf } from "./check.ts";
import { type Operation, readDocument } from "./document.ts";
import { createRandom } from "./random.ts";
import { createGenerator, type FuzzRequest } from "./requests.ts";
import { World } from "./world.ts";

const SEED = Number(env.FUZZ_SEED);
const REQUESTS = Number(env.FUZZ_REQUESTS);
/** Requests of one course, which begins with an empty registry: what has to be run again to see a failure again. */
const COURSE = 1000;
/** Of so many seeds one asks a closed registry, as its administrator: what has users and tokens, an open one has not. */
const CLOSED_EVERY = 4;
/** Findings after which a course stops: they are mostly one. */
const SHOWN = 5;

function shown({ method, path, headers, body }: FuzzRequest): string {
  const text = body instanceof Uint8Array ? `<${body.length} bytes>` : (body ?? "");
  return `${method} ${path} ${JSON.stringify(headers)} ${text.slice(0, 500)}`;
}

/** Operations that the registries asked have, and those that answered a request as it was meant. */
const known = new Set<string>();
const served = new Set<string>();
const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

describe("every documented route, under random requests", () => {
  it.each(Array.from({ length: Math.ceil(REQUESTS / COURSE) }, (_, index) => SEED + index))(
    "of seed %i answers as documented, and the registry is whole in the end",
    async (seed) => {
      // Mirrors are asked for and begun by nobody: what they do goes on for hours.
      const isClosed = seed % CLOSED_EVERY === 0;
      const registry = createMirroringRegistry(isClosed ? { AUTH: "required", ...OWNER } : {});
      let administrator = {};
      const renew = async () => {
        if (isClosed) administrator = headersOf(await issued("session", null));
      };
      await renew();
      const document = readDocument((await registry.call("GET", "/openapi.json")).json);
      const world = new World();
      const draw = createGenerator(document, world, createRandom(seed), { hasAccounts: isClosed });
      const findings: string[] = [];
      for (const operation of document.operations) {
        if (isClosed || !("501" in operation.responses)) known.add(nameOf(operation));
      }
      for (let index = 0; index < COURSE && findings.length < SHOWN; index += 1) {
        const request = draw();
        const headers = { ...administrator, ...request.headers };
        const answer = await registry.call(request.method, request.path, request.body, headers);
        // a session ends, and so does one that the walk has come upon
        if (answer.status === 403) await renew();
        world.learn(answer, request.method, request.path);
        if (request.operation && answer.status < 300) served.add(nameOf(request.operation));
        for (const problem of problemsOf(document, request, answer)) {
          findings.push(
            `seed ${seed}, request ${index}: ${shown(request)} -> ${answer.status} ${answer.text.slice(0, 300)}: ${problem}`,
          );
        }
      }
      expect(findings).toEqual([]);
      expect(await brokenInvariants()).toEqual([]);
      // More than once: an id waits for its content as long as something is written for it, and a sweep ends a few uploads.
      for (let sweeps = 1; sweeps <= 20 && (await unfinishedWork()).length > 0; sweeps += 1) {
        await registry.sweep(Date.now() + sweeps * 30 * 24 * 3_600_000);
      }
      await registry.seal();
      expect(await brokenInvariants()).toEqual([]);
      expect(await unfinishedWork()).toEqual([]);
      await renew();
      expect((await registry.call("GET", "/audit/verify", undefined, administrator)).json).toMatchObject({
        status: "intact",
      });
    },
    600_000,
  );

  it("has been served for most of them: it is the registry that is tested, not its refusals", () => {
    expect(known.size).toBeGreaterThan(25);
    // The others want what a random walk seldom has at hand, such as an upload all of whose parts have come.
    const unserved = [...known].filter((name) => !served.has(name));
    expect(unserved.length, unserved.join("\n")).toBeLessThan(known.size / 8);
  });
});
