/** What became of registrations that were answered before they were done. */

import { permit } from "../auth/scopes.ts";
import { type Context, requester } from "../context.ts";
import { type ErrorCode, RegistryError, refusalOf, toRefusal } from "../errors.ts";
import {
  advanceRegistration,
  failRegistration,
  insertRegistration,
  type RegistrationRow,
  type RegistrationStep,
  selectRegistration,
} from "../store/registrations.ts";
import { rowsOf } from "../store/statements.ts";
import { insertUpload, type Upload, type UploadIntent } from "../store/uploads.ts";
import { findTwin } from "./twin.ts";
import type { Metadata } from "./views.ts";

/**
 * How long a registration may run, in milliseconds: the platform lets work behind an answer live for 30 seconds. What is not
 * done by then died with its request, and the sweep gives it up.
 */
const REGISTRATION_LIFE_MS = 10 * 60_000;

/** How long it is kept after that: the contract's day. */
const REGISTRATION_KEPT_MS = 24 * 3_600_000;

/** Why a registration has failed: the refusal that the same registration would have been answered with. */
export interface RegistrationFailure {
  code: ErrorCode;
  status: number;
  detail: string;
  [extra: string]: unknown;
}

/** A registration. Times in ISO 8601; `since`: of the present step, or of the end. */
export interface RegistrationView extends Metadata {
  url: string;
  state: RegistrationRow["state"];
  step: RegistrationStep;
  started_at: string;
  since: string;
  requested_by: string;
  /** With `failed`. */
  refusal?: RegistrationFailure;
}

/**
 * Issues the id of an artifact whose registration goes on after the answer, and opens its record.
 * @throws RegistryError `already_exists`
 */
export async function openRegistration(ctx: Context, intent: UploadIntent, url: string): Promise<Upload> {
  const by = requester(ctx);
  const expiresAt = by.at + REGISTRATION_LIFE_MS;
  const [uploads] = await ctx.db.batch([
    insertUpload(ctx.db, { ...intent, expiresAt }, by.at, by.actor),
    insertRegistration(ctx.db, url, by, expiresAt + REGISTRATION_KEPT_MS),
  ]);
  const [upload] = rowsOf<Upload>(uploads);
  if (!upload) throw await findTwin(ctx, intent);
  return upload;
}

/** Runs one step of a registration, and writes down why if it fails. Never fails for the record's sake. */
export async function runStep<T>(ctx: Context, id: number, step: RegistrationStep, work: () => Promise<T>): Promise<T> {
  try {
    if (step !== "fetch") await tryWrite(ctx, id, advanceRegistration(ctx.db, id, step, ctx.now()));
    return await work();
  } catch (error) {
    await tryWrite(ctx, id, failRegistration(ctx.db, id, failureOf(error), ctx.now()));
    throw error;
  }
}

/** An ingest fetches and rates in one go; its refusal tells at which of the two it ended. */
function failureOf(error: unknown): { step?: RegistrationStep; refusal: RegistrationFailure } {
  const refusal = toRefusal(error);
  const isRated = refusal.code === "ingest_rejected" || refusal.code === "rating_failed";
  return {
    ...(isRated && { step: "rate" as const }),
    refusal: { code: refusal.code, status: refusal.status, ...refusal.body() },
  };
}

async function tryWrite(ctx: Context, id: number, statement: D1PreparedStatement): Promise<void> {
  try {
    await statement.run();
  } catch (error) {
    ctx.log("warn", "registration_not_recorded", { registration: id, error: String(error) });
  }
}

/**
 * A registration that was answered before it was done, while it runs and for a day after (contract: GET /registrations/{id}).
 * @param id of the artifact, as the 202 named it; undefined for one that was never issued
 * @throws RegistryError `registration_not_found`, also when its artifact has been deleted since
 */
export async function getRegistration(ctx: Context, id: number | undefined): Promise<RegistrationView> {
  permit(ctx, "artifact:read");
  const row = id === undefined ? null : await selectRegistration(ctx.db, id).first<RegistrationRow>();
  if (!row) throw new RegistryError("registration_not_found");
  return {
    name: row.name,
    id: String(row.id),
    type: row.type,
    url: row.url,
    state: row.state,
    step: row.step,
    started_at: new Date(row.started_at).toISOString(),
    since: new Date(row.updated_at).toISOString(),
    requested_by: row.requested_by,
    ...(row.state === "failed" && { refusal: storedFailure(row.refusal) }),
  };
}

/** Without a reason that anybody wrote down, its request has died. */
function storedFailure(json: string | null): RegistrationFailure {
  if (json !== null) return JSON.parse(json) as RegistrationFailure;
  return { code: "registration_interrupted", ...refusalOf("registration_interrupted") };
}
