/**
 * The door for other Workers: the verbs as methods of a service binding.
 *
 * Invariant: whatever stands on this class's prototype is reachable by whoever holds a binding. So it has the documented
 * methods and nothing else; TypeScript's `private` would not keep anything in. Each method is three lines: a schema of
 * `rpc/inputs.ts`, a verb, what the contract answers. What HTTP says in headers stands beside the body: `next`, `etag`.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { app } from "./app.ts";
import { checkLicense, type LicenseCheck } from "./artifacts/check-license.ts";
import { type CostTable, readCost } from "./artifacts/cost.ts";
import { openDownload } from "./artifacts/download.ts";
import { findByName, getArtifact, listArtifacts, type Page, search } from "./artifacts/find.ts";
import { getLineage } from "./artifacts/lineage.ts";
import { getRating, type RatingBody } from "./artifacts/read-rating.ts";
import { getReceipt, type Receipt } from "./artifacts/receipts.ts";
import { register, registerLater } from "./artifacts/register.ts";
import { getRegistration, type RegistrationView } from "./artifacts/registrations.ts";
import { type Deleted, type RemovalPreview, type RemovalResult, remove, removeMany } from "./artifacts/remove.ts";
import { getSummary, type Summary } from "./artifacts/summary.ts";
import { update } from "./artifacts/update.ts";
import type { Artifact, Metadata, VersionedArtifact } from "./artifacts/views.ts";
import type { Context } from "./context.ts";
import type { Env } from "./env.ts";
import type { ArtifactRef, ArtifactType } from "./lib/artifact.ts";
import { issuedId } from "./lib/ids.ts";
import type { LineageGraph } from "./lineage/graph.ts";
import { fromBinding } from "./middleware/hosts.ts";
import { getIssuedRef } from "./routes/refs.ts";
import { type Input, inputs } from "./rpc/inputs.ts";
import { serve } from "./rpc/serve.ts";

/** An artifact and the version that was seen of it, for `update`'s `ifMatch`. */
export interface TaggedArtifact extends Artifact {
  etag: string;
}

/** A summary and the version that it is of. */
export interface TaggedSummary extends Summary {
  etag: string;
}

/** A registration; what its refusal says beside code, status and detail is JSON, as in OpenAPI. */
export type Registration = Omit<RegistrationView, "refusal"> & {
  refusal?: { code: string; status: number; detail: string; reason?: string };
};

/** A zip or a part of it. Sizes in bytes: `size` is the whole zip's; `range` only for a part. Digest in hex, of the whole. */
export interface Bundle {
  body: ReadableStream<Uint8Array>;
  name: string;
  size: number;
  sha256: string;
  /** With its quotes, as `ETag`. */
  etag: string;
  range?: { offset: number; length: number };
}

/** A rating. `evidence` is JSON without end, which the types of a binding cannot follow: how deep it goes, OpenAPI says. */
export type Rating = Omit<RatingBody, "evidence"> & { evidence?: Record<string, object> };

/**
 * The registry for other Workers. Name and scopes of the caller are the `props` of its binding; without props it may read, search and download.
 * Every method throws what `asRefusal` reads: codes, status and texts are those of the same call over HTTP.
 *
 * @example
 * [[services]]
 * binding = "REGISTRY"
 * service = "trustworthy-model-registry"
 * entrypoint = "RegistryService"
 * props = { name = "trainer", scopes = ["artifact:read", "artifact:write"] }
 */
export class RegistryService extends WorkerEntrypoint<Env, unknown> {
  /** Registers an artifact once its evidence has been fetched and rated (contract: POST /artifact/{artifact_type}). */
  register(input: Input<"register">): Promise<TaggedArtifact> {
    return this.#serve("register", inputs.register, input, async (ctx, { origin, ...wanted }) =>
      tagged(await register(ctx, wanted, origin)),
    );
  }

  /** Begins a registration and gives the id that it will have (contract: `Prefer: respond-async`). */
  registerLater(input: Input<"registerLater">): Promise<Metadata> {
    return this.#serve("registerLater", inputs.registerLater, input, registerLater);
  }

  /** How far such a registration is, or how it ended; kept for a day (contract: GET /registrations/{id}). */
  registration(input: Input<"registration">): Promise<Registration> {
    return this.#serve("registration", inputs.registration, input, (ctx, { id }) => getRegistration(ctx, issuedId(id)));
  }

  /** An artifact at a glance, its mirror included (contract: GET /artifacts/{artifact_type}/{id}/summary). */
  summary(input: Input<"summary">): Promise<TaggedSummary> {
    return this.#serve("summary", inputs.summary, input, async (ctx, named) => {
      const { summary, etag } = await getSummary(ctx, refOf(named));
      return { ...summary, etag };
    });
  }

  /** One artifact (contract: GET /artifacts/{artifact_type}/{id}). */
  get(input: Input<"get">): Promise<TaggedArtifact> {
    return this.#serve("get", inputs.get, input, async (ctx, { origin, ...named }) =>
      tagged(await getArtifact(ctx, refOf(named), origin)),
    );
  }

  /** A page of what any query matches; `next` is the `offset` of the page behind it (contract: POST /artifacts). */
  list(input: Input<"list">): Promise<Page> {
    return this.#serve("list", inputs.list, input, (ctx, { queries, offset }) => listArtifacts(ctx, queries, offset));
  }

  /** A page of what has exactly this name or source id (contract: GET /artifact/byName/{name}). */
  findByName(input: Input<"findByName">): Promise<Page> {
    return this.#serve("findByName", inputs.findByName, input, (ctx, { name, offset }) =>
      findByName(ctx, name, offset),
    );
  }

  /** A page of what a pattern occurs in (contract: POST /artifact/byRegEx). */
  search(input: Input<"search">): Promise<Page> {
    return this.#serve("search", inputs.search, input, (ctx, { regex, offset }) => search(ctx, regex, offset));
  }

  /** The rating of a model (contract: GET /artifact/model/{id}/rate). */
  rate(input: Input<"rate">): Promise<Rating> {
    return this.#serve("rate", inputs.rate, input, (ctx, { id, explain }) => getRating(ctx, modelOf(id), explain));
  }

  /** Whence a model comes and what came of it (contract: GET /artifact/model/{id}/lineage). */
  lineage(input: Input<"lineage">): Promise<LineageGraph> {
    return this.#serve("lineage", inputs.lineage, input, (ctx, { id, include }) =>
      getLineage(ctx, modelOf(id).id, include),
    );
  }

  /** Megabytes to download, by artifact id (contract: GET /artifact/{artifact_type}/{id}/cost). */
  cost(input: Input<"cost">): Promise<CostTable> {
    return this.#serve("cost", inputs.cost, input, (ctx, { type, id, ...wanted }) =>
      readCost(ctx, refOf({ type, id }), wanted),
    );
  }

  /** May this model be used in that project? With `explain`, why (contract: POST /artifact/model/{id}/license-check). */
  checkLicense(input: Input<"checkLicense">): Promise<boolean | LicenseCheck> {
    return this.#serve("checkLicense", inputs.checkLicense, input, (ctx, { id, ...asked }) =>
      checkLicense(ctx, modelOf(id).id, asked),
    );
  }

  /** Fetches an artifact's source again, or gives it another (contract: PUT /artifacts/{artifact_type}/{id}). */
  update(input: Input<"update">): Promise<TaggedArtifact> {
    return this.#serve("update", inputs.update, input, async (ctx, { metadata, data, ifMatch, origin }) =>
      tagged(await update(ctx, refOf(metadata), { metadata, url: data.url, mirror: data.mirror, ifMatch }, origin)),
    );
  }

  /** Deletes an artifact, or with `dryRun` says what that would do (contract: DELETE /artifacts/{artifact_type}/{id}). */
  remove(input: Input<"remove">): Promise<Deleted | RemovalPreview> {
    return this.#serve("remove", inputs.remove, input, (ctx, { type, id, ...how }) =>
      remove(ctx, refOf({ type, id }), how),
    );
  }

  /** Deletes up to 1000 artifacts, one result each (contract: POST /artifacts/delete). */
  removeMany(input: Input<"removeMany">): Promise<RemovalResult[]> {
    return this.#serve("removeMany", inputs.removeMany, input, (ctx, { ids }) => removeMany(ctx, ids));
  }

  /** The receipt of a deletion (contract: GET /deletions/{id}). */
  receipt(input: Input<"receipt">): Promise<Receipt> {
    return this.#serve("receipt", inputs.receipt, input, (ctx, { id }) => getReceipt(ctx, id));
  }

  /** The zip, whole or from `range.offset` or the last `range.suffix` bytes (contract: Downloads, without the link). */
  download(input: Input<"download">): Promise<Bundle> {
    return this.#serve("download", inputs.download, input, async (ctx, { range, ...named }) => {
      const { body, kind: _, ...described } = await openDownload(ctx, refOf(named), { range, headOnly: false });
      if (!body) throw new Error("a download that is no question of headers has a body");
      return { body, ...described };
    });
  }

  /** The whole HTTP interface over the binding, under HTTP's own rules: a token counts here, and the props do not. */
  override fetch(request: Request): Response | Promise<Response> {
    return app.fetch(fromBinding(request), this.env, this.ctx);
  }

  #serve<Schema extends z.ZodType, Output>(
    method: keyof typeof inputs,
    schema: Schema,
    argument: unknown,
    run: (ctx: Context, input: z.output<Schema>) => Promise<Output>,
  ): Promise<Output> {
    return serve({ method, argument, env: this.env, execution: this.ctx }, schema, run);
  }
}

function refOf(named: { type: ArtifactType; id: string }): ArtifactRef {
  return getIssuedRef({ artifact_type: named.type, id: named.id });
}

function modelOf(id: string): ArtifactRef {
  return refOf({ type: "model", id });
}

function tagged({ artifact, etag }: VersionedArtifact): TaggedArtifact {
  return { ...artifact, etag };
}
