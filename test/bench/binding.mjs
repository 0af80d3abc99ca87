/**
 * The service binding: a method against the same verb by `fetch` over the same binding, and against a call that does nothing.
 *
 * Invariant: both sides of a case go through the same calling Worker and differ only in how that calls.
 */

import { DELETES_PER_SECOND, REQUESTS } from "./cases.mjs";
import { someArtifacts } from "./data.mjs";

/** What the caller is bound to. */
export const CALLER_BINDINGS = {
  REGISTRY: { name: "product", entrypoint: "RegistryService", props: { name: "bench", scopes: ["admin"] } },
  BARE: { name: "bare", entrypoint: "Bare" },
};

const via = (way, verb, { type, id }) => ({ path: `/${way}/${verb}/${type}/${id}` });

/** The cases on one data set. `seconds`: the length of a round. */
export function bindingCases({ instance, size, sides: { victims } }, seconds) {
  const some = someArtifacts(size, REQUESTS);
  const get = (way) => ({ instance, worker: "caller", requests: async () => some.map((ref) => via(way, "get", ref)) });
  const remove = (way) => ({
    instance,
    worker: "caller",
    once: true,
    requests: async (count) => (await victims.ofProduct(count)).map((ref) => via(way, "remove", ref)),
    used: (count) => victims.used("product", count),
  });
  return [1, 16].flatMap((connections) => {
    const of = (name, a, b, more) => ({ name: `binding: ${name}`, connections, a, b, figure: "p50", ...more });
    return [
      of("get / by fetch", get("method"), get("fetch")),
      of("get / nothing", get("method"), get("bare")),
      of("remove / by fetch", remove("method"), remove("fetch"), {
        ready: Math.ceil(DELETES_PER_SECOND[connections] * seconds),
      }),
    ];
  });
}
