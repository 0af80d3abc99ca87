/**
 * What a consumer's compiler knows of the binding. Never run: `npm run types` checks it, and a line that should be an error
 * and is none is an error itself.
 */

import type { Input, RegistryService } from "trustworthy-model-registry";
import { asRefusal } from "trustworthy-model-registry/refusal";

type Type = "model" | "dataset" | "code";
interface Metadata {
  name: string;
  id: string;
  type: Type;
}

/** Whether two types are the same, in both directions and to the last optional key. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** An error at the call unless a value has exactly this type; what a binding adds, a way to dispose of it, is left out. */
function expectType<Expected>() {
  return <Actual>(_: Actual, __: Same<Own<Actual>, Own<Expected>>): void => {};
}
type Own<T> = T extends readonly unknown[]
  ? { items: T[number] }
  : T extends object
    ? { [K in keyof T as K extends string ? K : never]: T[K] }
    : T;

export async function answers(registry: Service<typeof RegistryService>): Promise<void> {
  const artifact = await registry.register({ type: "model", url: "gpt2", name: "x", origin: "https://x.example" });
  expectType<Metadata>()(artifact.metadata, true);
  expectType<string | undefined>()(artifact.data.download_url, true);
  expectType<string>()(artifact.etag, true);
  expectType<Metadata>()(await registry.registerLater({ type: "code", url: "https://x.example/y" }), true);
  expectType<string>()((await registry.get({ type: "code", id: "1" })).data.url, true);
  const registration = await registry.registration({ id: "1" });
  expectType<"running" | "registered" | "failed">()(registration.state, true);
  expectType<string | undefined>()(registration.refusal?.detail, true);
  expectType<string | undefined>()((await registry.summary({ type: "model", id: "1" })).mirror?.remedy, true);
  for (const page of [
    await registry.list({ queries: [{ name: "*", types: ["model"] }], offset: "0" }),
    await registry.list({}),
    await registry.findByName({ name: "x" }),
    await registry.search({ regex: "x" }),
  ]) {
    expectType<Metadata[]>()(page.items, true);
    expectType<string | undefined>()(page.next, true);
  }
  const rating = await registry.rate({ id: "1", explain: true });
  expectType<number>()(rating.tree_score_latency, true);
  expectType<number>()(rating.size_score.jetson_nano, true);
  expectType<Record<string, object> | undefined>()(rating.evidence, true);
  const graph = await registry.lineage({ id: "1", include: "datasets" });
  expectType<"base_model" | "fine_tuning_dataset" | "code_repository">()(
    graph.edges[0]?.relationship ?? "base_model",
    true,
  );
  const costs = await registry.cost({ type: "dataset", id: "1", dependency: true, currency: "usd" });
  expectType<number | undefined>()(costs["1"]?.estimated_monthly_usd, true);
  const check = await registry.checkLicense({ id: "1", github_url: "https://github.com/x/y", scope: "lineage" });
  if (typeof check === "object") {
    expectType<string[]>()(check.license_conflict, true);
    expectType<string | undefined>()(check.conditions[0]?.source, true);
  } else expectType<boolean>()(check, true);
  await registry.update({ ...artifact, ifMatch: artifact.etag });
  const removed = await registry.remove({ type: "model", id: "1", dependents: "refuse", dryRun: true });
  if (removed.status === "would delete") expectType<number>()(removed.size, true);
  else expectType<{ status: "deleted"; id: string }>()(removed, true);
  const results = await registry.removeMany({ ids: [{ type: "model", id: "1" }] });
  expectType<"deleted" | "not_found" | "failed" | undefined>()(results[0]?.status, true);
  expectType<"finished" | "open">()((await registry.receipt({ id: "1" })).status, true);
  const bundle = await registry.download({ type: "model", id: "1", range: { suffix: 22 } });
  expectType<ReadableStream<Uint8Array>>()(bundle.body, true);
  expectType<{ offset: number; length: number } | undefined>()(bundle.range, true);
  expectType<Response>()(await registry.fetch("https://registry/health"), true);
}

export function refusals(error: unknown): void {
  const refusal = asRefusal(error);
  expectType<number | undefined>()(refusal?.status, true);
  // @ts-expect-error no such code
  refusal?.code === "artifact_not_fund";
}

export async function mistakes(registry: Service<typeof RegistryService>): Promise<void> {
  // @ts-expect-error no argument
  await registry.get();
  // @ts-expect-error no such type
  await registry.get({ type: "models", id: "1" });
  // @ts-expect-error ids are strings
  await registry.remove({ type: "model", id: 1 });
  // @ts-expect-error no such option
  await registry.remove({ type: "model", id: "1", dryrun: true });
  // @ts-expect-error flags are booleans here
  await registry.remove({ type: "model", id: "1", dryRun: "true" });
  // @ts-expect-error offsets are numbers
  await registry.download({ type: "model", id: "1", range: { offset: "1" } });
  // @ts-expect-error neither null
  await registry.list({ offset: null });
  // @ts-expect-error no such method
  await registry.reset();
  // @ts-expect-error what the class is made of is nobody's business
  registry.env;
  // @ts-expect-error no such method
  const none: Input<"reset"> = {};
  void none;
}
