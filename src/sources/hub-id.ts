/** What Hugging Face accepts as the name of a repository: the rules of its own client library. */

const SEGMENT = /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/;
const SEGMENT_MAX_CHARS = 96;

/** First segments of the hub's own pages: no user or organisation can have these names. */
const HUB_PAGES: ReadonlySet<string> = new Set(
  (
    "about api blog brand buckets changelog chat collections contact datasets docs enterprise front inference " +
    "inference-endpoints jobs join kernels languages learn login logout metrics models new notifications oauth " +
    "organizations papers posts pricing privacy search security settings spaces storage support tasks " +
    "terms-of-service users welcome"
  ).split(" "),
);

/** Owners to whom the hub moved the models that once had none: `bert-base-uncased` still leads to `google-bert/…`. */
const OWNERS_OF_BARE_IDS: ReadonlySet<string> = new Set(
  "albert almanach distilbert facebookai google-bert google-t5 openai-community salesforce transfo-xl xlnet".split(" "),
);

/** Whether the models of this owner are also known by their name alone. Case does not matter. */
export function ownsBareIds(owner: string): boolean {
  return OWNERS_OF_BARE_IDS.has(owner.toLowerCase());
}

/** The lower-case ids under which the hub may know a repository that is asked for: its own, or with an owner that it was given. */
export function hubKeys(id: string): string[] {
  const key = id.toLowerCase();
  return key.includes("/") ? [key] : [key, ...[...OWNERS_OF_BARE_IDS].map((owner) => `${owner}/${key}`)];
}

/** Whether the hub could have a repository of this id: `gpt2`, `google-bert/bert-base-uncased`. ASCII only. */
export function isHubId(id: string): boolean {
  const segments = id.split("/");
  return (
    segments.length <= 2 &&
    segments.every((segment) => segment.length <= SEGMENT_MAX_CHARS && SEGMENT.test(segment)) &&
    !/--|\.\./.test(id) &&
    !/\.git$/i.test(id)
  );
}

/** Whether a first segment belongs to the hub itself (`datasets/…`, `docs/…`), so that what follows is no model. */
export function isHubPage(segment: string): boolean {
  return HUB_PAGES.has(segment.toLowerCase());
}
