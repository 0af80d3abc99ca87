/**
 * Every route of the OpenAPI document under random requests that are valid, nearly valid, or nonsense: no failure that nothing
 * explains, no answer that the document does not describe, and the registry's invariants in the end. A route that is added
 * is in it by being in the document.
 *
 * `FUZZ_REQUESTS=20000` runs longer, `FUZZ_SEED=7` another course; a failure names the seed and the request.
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { brokenInvariants, createRegistry, unfinishedWork } from "../harness.ts";
import { problemsOf } from "./check.ts";
import { readDocument } from "./document.ts";
import { createRandom } from "./random.ts";
import { createGenerator, type FuzzRequest } from "./requests.ts";
import { World } from "./world.ts";

const SEED = Number(env.FUZZ_SEED);
const REQUESTS = Number(env.FUZZ_REQUESTS);
/** Requests of one course, which begins with an empty registry: what has to be run again to see a failure again. */
const COURSE = 1000;
/** Findings after which a course stops: they are mostly one. */
const SHOWN = 5;

const registry = createRegistry();

function shown({ method, path, headers, body }: FuzzRequest): string {
  const text = body instanceof Uint8Array ? `<${body.length} bytes>` : (body ?? "");
  return `${method} ${path} ${JSON.stringify(headers)} ${text.slice(0, 500)}`;
}

describe("every documented route, under random requests", () => {
  it.each(Array.from({ length: Math.ceil(REQUESTS / COURSE) }, (_, index) => SEED + index))(
    "of seed %i answers as documented, and the registry is whole in the end",
    async (seed) => {
      const document = readDocument((await registry.call("GET", "/openapi.json")).json);
      const world = new World();
      const draw = createGenerator(document, world, createRandom(seed));
      const findings: string[] = [];
      const seen = new Map<string, number>();
      for (let index = 0; index < COURSE && findings.length < SHOWN; index += 1) {
        const request = draw();
        const answer = await registry.call(request.method, request.path, request.body, request.headers);
        world.learn(answer, request.method, request.path);
        seen.set(`${request.method} ${answer.status}`, (seen.get(`${request.method} ${answer.status}`) ?? 0) + 1);
        for (const problem of problemsOf(document, request, answer)) {
          findings.push(
            `seed ${seed}, request ${index}: ${shown(request)} -> ${answer.status} ${answer.text.slice(0, 300)}: ${problem}`,
          );
        }
      }
      expect(findings).toEqual([]);
      expect(await brokenInvariants()).toEqual([]);
      // Twice: an id that waits for its content waits as long as something is written for it.
      for (const days of [30, 60]) await registry.sweep(Date.now() + days * 24 * 3_600_000);
      await registry.seal();
      expect(await brokenInvariants()).toEqual([]);
      expect(await unfinishedWork()).toEqual([]);
      expect((await registry.call("GET", "/audit/verify")).json).toMatchObject({ status: "intact" });
      // It is a test of the registry, not of its refusals: enough of it was understood.
      const understood = [...seen].filter(([key]) => / 2\d\d$/.test(key)).reduce((sum, [, count]) => sum + count, 0);
      expect(understood).toBeGreaterThan(COURSE / 5);
    },
    600_000,
  );
});
