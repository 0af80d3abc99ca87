/**
 * Reads what a client calls a source (a URL or a bare id) into one canonical form.
 *
 * Invariant: two spellings of the same thing end in the same `key`, and whatever could reach another host than it seems
 * to name is refused, not repaired. Pure: nothing is asked of anybody.
 */

import { RegistryError } from "../errors.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { NAME_MAX_CHARS, URL_MAX_CHARS } from "../limits.ts";
import { isHubId, isHubPage } from "./hub-id.ts";
import { refusePrivate } from "./public-host.ts";

/** A source in canonical form. */
export interface ArtifactSource {
  type: ArtifactType;
  /** Who can be asked about it; `web` knows no more than a size, of an `upload` there is nobody to ask. */
  host: "hugging_face" | "github" | "gitlab" | "web" | "upload";
  /** Canonical id: `google-bert/bert-base-uncased`, `squad`, `pallets/flask`; where no id is agreed, the URL. */
  source: string;
  /** For comparing: two sources are the same if their type and key are. */
  key: string;
  /** The display name if the client gives none. */
  name: string;
  /** Canonical https URL for people. */
  href: string;
}

/** A repository of the hub, however an artifact of ours uses it. */
export interface HubRepository {
  kind: "models" | "datasets" | "spaces";
  id: string;
}

const UPLOAD_SCHEME = "upload:";
const HUB_HOSTS: readonly string[] = ["huggingface.co", "www.huggingface.co", "hf.co"];
const GITHUB_HOSTS: readonly string[] = ["github.com", "www.github.com"];
const GITLAB_HOSTS: readonly string[] = ["gitlab.com", "www.gitlab.com"];

const GITHUB_OWNER = /^[A-Za-z0-9](?:[\w-]{0,98})$/;
const GITHUB_REPO = /^(?!\.{1,2}$)[\w.-]{1,100}$/;
const GITLAB_SEGMENT = /^[A-Za-z0-9_][\w.-]{0,254}$/;

/** Segments that open a page inside a repository; what follows them is no name. */
const INSIDE: ReadonlySet<string> = new Set(
  "tree blob resolve raw commit commits discussions blame edit viewer settings -".split(" "),
);

/** Control, format, private and unassigned characters, lone surrogates, every kind of space, backslash. */
const UNPRINTABLE = /[\p{C}\p{Z}\\]/u;

function refuse(detail: string): never {
  throw new RegistryError("invalid_request", detail);
}

/**
 * Parses the `url` of a registration.
 *
 * @throws RegistryError `url_too_long` over 2048 characters, `invalid_request` for everything that cannot be meant.
 * @example parseSource("model", "https://huggingface.co/gpt2/tree/main").source // "gpt2"
 */
export function parseSource(type: ArtifactType, url: string): ArtifactSource {
  if (url.length > URL_MAX_CHARS) throw new RegistryError("url_too_long");
  const text = url.replace(/^[ \t]+|[ \t]+$/g, "");
  if (text === "") refuse("The url is empty.");
  if (UNPRINTABLE.test(text)) refuse("The url contains characters that do not belong in a URL.");
  if (type === "model" && !text.includes(":")) return bareModel(text);
  const parsed = parseUrl(text);
  if (HUB_HOSTS.includes(parsed.hostname)) return fromHub(type, parsed);
  if (type === "model") return refuse("A model must be a Hugging Face URL or id.");
  if (GITHUB_HOSTS.includes(parsed.hostname)) return fromGitHub(type, parsed);
  if (GITLAB_HOSTS.includes(parsed.hostname)) return fromGitLab(type, parsed);
  return fromWeb(type, parsed);
}

/** The hub repository behind a source, if it is one. */
export function hubRepository(source: Pick<ArtifactSource, "host" | "href">): HubRepository | undefined {
  return source.host === "hugging_face" ? readHubPath(segmentsOf(new URL(source.href))) : undefined;
}

/** `owner/repo` of a source on GitHub, the project's path of one on GitLab. */
export function projectPath(source: Pick<ArtifactSource, "href">): string {
  return new URL(source.href).pathname.slice(1);
}

/**
 * Which of the hosts that we know answers for a source, by the name that people call it; undefined for any other host. Their
 * pages that name no repository count too.
 */
export function knownHost({ href }: Pick<ArtifactSource, "href">): "Hugging Face" | "GitHub" | "GitLab" | undefined {
  const host = URL.parse(href)?.hostname ?? "";
  if (HUB_HOSTS.includes(host)) return "Hugging Face";
  if (GITHUB_HOSTS.includes(host)) return "GitHub";
  return GITLAB_HOSTS.includes(host) ? "GitLab" : undefined;
}

/** The source of a model or dataset of the hub, from its id: for what upstream calls it. */
export function hubSource(type: "model" | "dataset", id: string, name = id.split("/").at(-1) ?? id): ArtifactSource {
  const href = `https://huggingface.co/${type === "dataset" ? "datasets/" : ""}${id}`;
  return { type, host: "hugging_face", source: id, key: id.toLowerCase(), name: displayName(name, id), href };
}

/** The source of a repository on GitHub, from `owner/repo`. */
export function gitHubSource(type: ArtifactType, repository: string): ArtifactSource {
  const href = `https://github.com/${repository}`;
  const source = type === "code" ? repository : href;
  const name = displayName(repository.split("/").at(-1) ?? repository, repository);
  return { type, host: "github", source, key: source.toLowerCase(), name, href };
}

/** The source of a project on GitLab, from its path. */
export function gitLabSource(type: ArtifactType, path: string): ArtifactSource {
  const href = `https://gitlab.com/${path}`;
  const name = displayName(path.split("/").at(-1) ?? path, path);
  return { type, host: "gitlab", source: href, key: href.toLowerCase(), name, href };
}

/** The source of an artifact that was uploaded. No other source is spelled like it, and no client can register one. */
export function uploadSource(type: ArtifactType, id: number, name: string): ArtifactSource {
  const source = `${UPLOAD_SCHEME}${id}`;
  return { type, host: "upload", source, key: source, name, href: source };
}

/** Whether an artifact's source key says that it was uploaded. */
export function isUploadKey(key: string): boolean {
  return key.startsWith(UPLOAD_SCHEME);
}

function parseUrl(text: string): URL {
  // the WHATWG parser would repair "https:host" and "https:/host", and hide empty user information
  const authority = /^https:\/\/([^/?#]+)/i.exec(text)?.[1];
  if (authority === undefined) return refuse("The url must be an absolute https URL.");
  if (authority.includes("@")) return refuse("The url must not contain user information.");
  const path = text.slice("https://".length + authority.length).split(/[?#]/, 1)[0] ?? "";
  if (path.split("/").some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) {
    return refuse("The path of the url must not contain dot segments.");
  }
  const url = URL.canParse(text) ? new URL(text) : refuse("The url is not a valid URL.");
  const reason = refusePrivate(url);
  return reason === undefined ? url : refuse(`The url is not acceptable: ${reason}.`);
}

function segmentsOf(url: URL): string[] {
  return url.pathname.split("/").filter((segment) => segment !== "");
}

function withoutGit(segment: string): string {
  return segment.replace(/\.git$/i, "");
}

function bareModel(text: string): ArtifactSource {
  const first = text.split("/", 1)[0] ?? "";
  const hosts = [...HUB_HOSTS, ...GITHUB_HOSTS, ...GITLAB_HOSTS];
  if (hosts.includes(first.toLowerCase())) refuse("The url must begin with https://.");
  if (!isHubId(text) || isHubPage(first)) refuse("The url is neither a Hugging Face URL nor a model id.");
  return hubSource("model", text);
}

function readHubPath(segments: string[]): HubRepository | undefined {
  const [first, ...rest] = segments;
  if (first === undefined) return undefined;
  const prefixed = first === "datasets" || first === "spaces";
  if (!prefixed && isHubPage(first)) return undefined;
  const kind = prefixed ? first : "models";
  const [owner, name] = prefixed ? rest : segments;
  if (owner === undefined) return undefined;
  const id = name === undefined || INSIDE.has(name) ? withoutGit(owner) : `${owner}/${withoutGit(name)}`;
  return { kind, id };
}

function fromHub(type: ArtifactType, url: URL): ArtifactSource {
  const repository = readHubPath(segmentsOf(url));
  if (repository === undefined) {
    return type === "model" ? refuse("The url does not name a model on Hugging Face.") : fromWeb(type, url);
  }
  const { kind, id } = repository;
  if (type === "model" && kind !== "models") refuse("The url does not name a model on Hugging Face.");
  if (!isHubId(id)) refuse("The url does not name a valid Hugging Face repository.");
  if (type === "code" && kind !== "spaces") {
    refuse(`The url names a ${kind === "models" ? "model" : "dataset"} on Hugging Face, which is no code.`);
  }
  if (type === "model") return hubSource("model", id);
  if (type === "dataset" && kind === "datasets") return hubSource("dataset", id);
  const href = `https://huggingface.co/${kind === "models" ? "" : `${kind}/`}${id}`;
  const name = displayName(id.split("/").at(-1) ?? id, id);
  return { type, host: "hugging_face", source: href, key: href.toLowerCase(), name, href };
}

function fromGitHub(type: ArtifactType, url: URL): ArtifactSource {
  const [owner, second] = segmentsOf(url);
  if (owner === undefined || second === undefined) return fromWeb(type, url);
  const repo = withoutGit(second);
  if (!GITHUB_OWNER.test(owner) || !GITHUB_REPO.test(repo)) refuse("The url does not name a valid GitHub repository.");
  return gitHubSource(type, `${owner}/${repo}`);
}

function fromGitLab(type: ArtifactType, url: URL): ArtifactSource {
  const all = segmentsOf(url);
  const inside = all.findIndex((segment, index) => index >= 2 && INSIDE.has(segment));
  const segments = (inside === -1 ? all : all.slice(0, inside)).map((segment, index, kept) =>
    index === kept.length - 1 ? withoutGit(segment) : segment,
  );
  if (segments.length < 2) return fromWeb(type, url);
  if (!segments.every((segment) => GITLAB_SEGMENT.test(segment))) {
    refuse("The url does not name a valid GitLab project.");
  }
  return gitLabSource(type, segments.join("/"));
}

function fromWeb(type: ArtifactType, url: URL): ArtifactSource {
  const path = url.pathname.replace(/\/+$/, "").replace(/\.git$/i, "");
  const href = `https://${url.hostname}${path}`;
  const segments = segmentsOf(new URL(href));
  const inside = segments.findIndex((segment, index) => index >= 1 && INSIDE.has(segment));
  const named = (inside === -1 ? segments : segments.slice(0, inside)).filter((s) => s !== "main" && s !== "*");
  return { type, host: "web", source: href, key: href, name: displayName(decode(named.at(-1)), url.hostname), href };
}

function decode(segment: string | undefined): string {
  if (segment === undefined) return "";
  try {
    const text = decodeURIComponent(segment);
    return /[\p{C}/\\]/u.test(text) ? segment : withoutGit(text.trim());
  } catch {
    return segment;
  }
}

/** A name that registers: not empty, not `*`, not `main` (which a checkout would be called), not too long. */
function displayName(name: string, fallback: string): string {
  const usable = name === "" || name === "*" || name === "main" ? fallback : name;
  return [...usable].slice(0, NAME_MAX_CHARS).join("");
}
