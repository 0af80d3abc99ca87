/** What a fuzz has learned of the registry from its answers: ids, links and cursors that make its next requests nearly valid. */

import type { Answer } from "../harness.ts";
import type { Random } from "./random.ts";

/** An artifact or an id that waits for one, as far as answers told. */
export interface Subject {
  type: string;
  id: string;
  name: string;
  etag?: string;
  link?: { expires: string; signature: string };
  uploadId?: string;
  /** Its content comes from a client. */
  isUpload?: boolean;
}

const REMEMBERED = 60;

/** Adds one, and forgets the oldest of too many. */
function keep(known: Set<string>, one: string): void {
  known.add(one);
  const [oldest] = known;
  if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
}

/** Learns from answers, whatever route they are of, by the names of their keys. */
export class World {
  readonly #subjects = new Map<string, Subject>();
  readonly #users = new Set<string>();
  readonly #tokens = new Set<string>();
  readonly #offsets: string[] = ["after-0", "0"];

  /** One of the known artifacts, rather one that is likely to be meant, mostly; else one that never was. */
  subject(random: Random, likely: (subject: Subject) => boolean = () => true): Subject {
    const known = [...this.#subjects.values()];
    const fitting = known.filter(likely);
    const made = { type: random.pick(["model", "dataset", "code"]), id: String(1 + random.below(40)), name: "nothing" };
    return random.chance(0.95) ? (random.pick(fitting) ?? random.pick(known) ?? made) : made;
  }

  /** A user's name and a token's id that are known, mostly, in the shape that everything is made from. */
  account(random: Random): Subject {
    const name = random.pick([...this.#users]) ?? "nobody-here";
    const id = random.pick([...this.#tokens]) ?? `t${"0".repeat(16)}`;
    return { type: "user", id, name: random.chance(0.95) ? name : "nobody-here" };
  }

  offset(random: Random): string {
    return random.pick(this.#offsets) ?? "0";
  }

  learn(answer: Answer, method: string, path: string): void {
    if (method === "DELETE" && answer.status === 200) this.#forget(answer.json as { id?: string });
    const offset = answer.headers.get("offset");
    if (offset !== null) this.#offsets.splice(2, 8, offset, ...this.#offsets.slice(2, 9));
    if (answer.status < 300) this.#walk(answer.json, 0);
    const [, type, id] = /\/artifacts\/(\w+)\/(\d+)/.exec(answer.headers.get("Location") ?? path) ?? [];
    const subject = this.#subjects.get(`${type}/${id}`);
    if (!subject || answer.status >= 300) return;
    const etag = answer.headers.get("ETag");
    if (etag !== null) subject.etag = etag;
    const uploadId = (answer.json as { upload_id?: string } | undefined)?.upload_id;
    if (uploadId !== undefined) subject.uploadId = uploadId;
  }

  #walk(value: unknown, depth: number): void {
    if (typeof value !== "object" || value === null || depth > 4) return;
    const { type, id, name, metadata, data, expires_at, kind, created_by } = value as Record<string, unknown>;
    if (typeof kind === "string" && typeof id === "string") keep(this.#tokens, id);
    if (typeof created_by === "string" && typeof name === "string") keep(this.#users, name);
    if (typeof type === "string" && typeof id === "string" && typeof name === "string") {
      this.#remember({ type, id, name, ...(expires_at !== undefined && { isUpload: true }) });
    }
    if (typeof metadata === "object" && typeof data === "object") this.#keepLink(metadata as Subject, data);
    for (const item of Object.values(value).slice(0, 30)) this.#walk(item, depth + 1);
  }

  /** What was deleted, or everything; a few are kept, to be asked for once more. */
  #forget({ id }: { id?: string }): void {
    for (const [key, subject] of this.#subjects) {
      if ((id === undefined || subject.id === id) && Number(subject.id) % 5 > 0) this.#subjects.delete(key);
    }
  }

  #remember(subject: Subject): void {
    const key = `${subject.type}/${subject.id}`;
    this.#subjects.set(key, { ...this.#subjects.get(key), ...subject });
    const [oldest] = this.#subjects.keys();
    if (this.#subjects.size > REMEMBERED && oldest !== undefined) this.#subjects.delete(oldest);
  }

  #keepLink(metadata: Subject, data: unknown): void {
    const { download_url } = data as { download_url?: string };
    if (download_url === undefined) return;
    const query = new URL(download_url).searchParams;
    const link = { expires: query.get("expires") ?? "", signature: query.get("signature") ?? "" };
    this.#remember({ ...metadata, link });
  }
}
