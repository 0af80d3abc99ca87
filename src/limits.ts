/** Every number that bounds something, its unit in its name, with one line of why. */

// Requests

/** The contract's bound for the body of a JSON route; larger bodies are 413 before they are parsed. */
export const JSON_BODY_MAX_BYTES = 64 * 1024;

/** The contract's bound for a source URL. */
export const URL_MAX_CHARS = 2048;

/** The contract's bound for a display name, in Unicode code points. */
export const NAME_MAX_CHARS = 255;

/** Nesting of a request body: the deepest that a route understands is six. */
export const REQUEST_JSON_MAX_DEPTH = 32;

/** What a caller who was refused for asking too often is told to wait: the period of the limits in wrangler.toml. */
export const RATE_LIMIT_PERIOD_S = 60;

// Lists and search

/** Artifacts in one page of a list: the contract's. */
export const PAGE_SIZE = 1000;

/** 0-based index that no list reaches, because the database holds no more: behind it there is nothing, and nothing is asked. */
export const LIST_INDEX_MAX = 100_000_000;

/** Queries in one list: each costs an index look-up for each of its types, and a body of 64 KiB holds hardly more. */
export const LIST_MAX_QUERIES = 2000;

/** The contract's bound for a pattern. */
export const REGEX_MAX_CHARS = 512;

/** Instructions that a pattern may compile to: a repeat of 1000 fits, a repeat of repeats does not. */
export const REGEX_MAX_INSTRUCTIONS = 2500;

/** Ranges of characters in all instructions of a program: `\pL` has 680, `.` has two. */
export const REGEX_MAX_RANGES = 50_000;

/** Instructions that a character may keep busy, unless the DFA of the pattern is small: 30 ms for a card of 64 KiB. */
export const REGEX_MAX_LIVE = 18;

/** Work of building the whole DFA of a pattern, instructions times transitions: some 10 ms. Above it the DFA is not small. */
export const REGEX_DFA_MAX_WORK = 100_000;

/** Compiled patterns that are kept: some hundred kB each at the very worst, a few as a rule. */
export const PATTERNS_KEPT = 16;

/** Character positions of a pattern that ambiguity is looked for in; larger ones are left to the linear engine. */
export const AMBIGUITY_MAX_POSITIONS = 200;

/** Steps of that search: some milliseconds. */
export const AMBIGUITY_MAX_STEPS = 100_000;

/** Cards that one search reads before it hands back a cursor: what one request may cost. */
export const SEARCH_MAX_CARDS = 1000;

/** Artifacts that one search looks at before it hands back a cursor. */
export const SEARCH_MAX_CANDIDATES = 20_000;

/** Steps that one search may take (src/search/cost.ts): 30 to 40 ms of CPU. A page that runs out of them ends with a cursor. */
export const SEARCH_MAX_STEPS = 3_000_000;

/** Time after which a search hands back a cursor, in case that its steps were dearer than they should be. */
export const SEARCH_MAX_MS = 1000;

/** Largest 0-based index that a search by pattern counts to, because it has to find all that it skips. */
export const SEARCH_INDEX_MAX = 10_000;

/** Artifacts that a search verifies at a time, and so the cards that it reads in one query, where cards are short. */
export const SEARCH_PIECE_CARDS = 100;

/** Characters of the cards that a search reads in one query, as far as it can tell from those before. */
export const SEARCH_PIECE_CHARS = 512 * 1024;

// Deletes, the sweep, the comparison

/** Dependents named in a refusal or a dry run: the contract's. */
export const DEPENDENTS_SHOWN = 100;

/** Ids in one bulk delete: the contract's, and what one R2 delete takes. */
export const BULK_DELETE_MAX_IDS = 1000;

/** Keys in one R2 delete: the platform's limit, which its local stand-in does not enforce. */
export const R2_DELETE_MAX_KEYS = 1000;

/** Pages of a thousand that one reset deletes before it asks to be repeated: an invocation has a bounded number of calls. */
export const RESET_MAX_PAGES = 200;

/** Uploads in parts that a reset ends with each page of objects: each takes a call, and the small plan has 50 in all. */
export const RESET_PAGE_ABORTS = 20;

/** Wait before the sweep tries a deletion again that failed twice; about doubled with each further failure. */
export const DELETION_BACKOFF_MS = 60_000;

/** Longest such wait: a store that is down for a day is noticed within hours of coming back. */
export const DELETION_BACKOFF_MAX_MS = 6 * 3_600_000;

/** Failed attempts after which a deletion is reported as stuck; it is still tried. */
export const DELETION_STUCK_ATTEMPTS = 20;

/** How long a receipt waits for others to be finished with it: a dozen deletes then share one write to the database. */
export const RECEIPTS_GATHERED_MS = 20;

/** After so long, whoever was about to finish receipts has died: fifty times what it takes. */
export const RECEIPTS_OVERDUE_MS = 1000;

/**
 * Waits after which a delete looks again whether another request has finished with the same artifact: its receipt comes some
 * 30 ms after the answer. What is then still open has been left behind.
 */
export const DELETION_LOOKS_MS = [50, 200, 750] as const;

/** Deletions that one sweep takes up at once: what one R2 delete takes. */
export const SWEEP_PAGE = 1000;

/**
 * Pages that one sweep works through, with three calls each. Whatever there is to do, a sweep and the seals behind it make
 * no more than the 50 calls that an invocation has on the small plan; a comparison that goes on behind them keeps its place.
 */
export const SWEEP_MAX_PAGES = 3;

/** Halvings of a page that failed as a whole, with up to four calls each: of a thousand with one bad key, all but 250 go at once. */
export const SWEEP_SPLITS = 2;

/** Deletions that the sweep tries one by one, with two calls each, where no piece of a page went. */
export const SWEEP_SINGLES = 2;

/** Uploads in parts that one sweep ends, with three calls each. */
export const SWEEP_MAX_ABORTS = 3;

/** Age after which an intent to write is given up: no request lives as long. */
export const UPLOAD_STALE_MS = 3_600_000;

/** Age of the last sweep after which it counts as overdue: three of its intervals. */
export const SWEEP_OVERDUE_MS = 15 * 60_000;

/** Age below which the comparison of bucket and database looks away: what is in flight is not stray. */
export const STRAY_MIN_AGE_MS = 24 * 3_600_000;

/** Objects compared at once: one R2 list. */
export const RECONCILE_PAGE = 1000;

/** Pages that one run compares before it leaves the rest to the next, with up to nine calls each: a million objects a day. */
export const RECONCILE_MAX_PAGES = 4;

/** Stray objects that one comparison may remove, so that a mistake is noticed before it is a disaster. */
export const RECONCILE_MAX_REMOVALS = 100;

// Upstream and ingest

/** Redirects that an upstream request follows; each hop is checked like the first. */
export const REDIRECT_MAX_HOPS = 3;

/** How long one upstream call may take, head to last byte: slower than any healthy answer, quicker than a caller gives up. */
export const UPSTREAM_TIMEOUT_MS = 10_000;

/** Cap of one upstream JSON answer: the largest model records seen are near 3 MB. */
export const UPSTREAM_JSON_MAX_BYTES = 8 * 1024 * 1024;

/** Cap of a card: the longest known READMEs are a few hundred kB. */
export const README_MAX_BYTES = 2 * 1024 * 1024;

/** Cap of one configuration or tokenizer file that is kept in a light bundle. */
export const KEPT_FILE_MAX_BYTES = 5 * 1024 * 1024;

/** Cap of all configuration and tokenizer files of a light bundle together. */
export const KEPT_FILES_MAX_BYTES = 20 * 1024 * 1024;

/** Upstream connections open at once for one ingest: the platform allows six to an invocation. */
export const UPSTREAM_CONCURRENCY = 6;

/** Dataset records that an ingest asks for: the contract's. */
export const DATASETS_MAX = 5;

/** Text of a card that is searched and kept for it: the contract's first 64 KiB. */
export const README_KEPT_BYTES = 64 * 1024;

/** Nesting of an upstream JSON answer: real records stay below 20, and nothing recursive may run on more. */
export const UPSTREAM_JSON_MAX_DEPTH = 64;

/** Least time between two tries to fetch the evidence of a model that could not be rated: a host that is slow is not asked more. */
export const RATING_RETRY_MS = 5 * 60_000;

/** What a client is told to wait for a try that is under way: as long as a Worker may go on after its answer. */
export const RATING_RETRY_TAKES_MS = 30_000;

/** How long one ingest may collect altogether: what has not come by then counts as not fetched. */
export const COLLECT_TIMEOUT_MS = 30_000;

/** Files that an upstream record may list: GitHub's own bound; a record of as many with sizes and digests is above the cap of bytes. */
export const UPSTREAM_FILES_MAX = 100_000;

/** A path inside an upstream repository: what the object store takes as a key. */
export const UPSTREAM_PATH_MAX_CHARS = 1024;

/** Front matter that is parsed here when the hub did not: the yaml parser is slow on more, and no honest card needs it. */
export const FRONT_MATTER_MAX_BYTES = 256 * 1024;

/** Lexemes of front matter: the parser takes some 10 us for each. A hundred results of a model index have 8,000. */
export const FRONT_MATTER_MAX_LEXEMES = 20_000;

/** Aliases that a card's YAML may expand to: cards use none, bombs use many. */
export const FRONT_MATTER_MAX_ALIASES = 32;

/** Files of a related repository (a parent, a training dataset) that its record keeps: only their kinds matter. */
export const RELATED_FILES_MAX = 200;

/** Files of a light bundle: an ingest has 50 upstream calls on the smallest plan. */
export const KEPT_FILES_MAX = 16;

/** Parents of one model: the largest merges name about twenty. */
export const PARENTS_MAX = 50;

/** Datasets of a model that are kept as edges. */
export const DATASET_EDGES_MAX = 50;

/** Licences of an artifact that are kept. */
export const LICENSES_MAX = 32;

/** Parents whose record is asked for, to learn their present name, their licence and how they are used: the contract's. */
export const PARENT_RECORDS_MAX = 20;

/** Files with issues that are kept of the hub's scan of a repository: one is enough to judge it. */
export const SCAN_ISSUES_MAX = 100;

/** Links of a card that are looked at in search of the code repository. */
export const CODE_LINKS_MAX = 200;

/** Code repositories tried when the first that a card names does not exist. */
export const CODE_CANDIDATES_MAX = 2;

/** How long an answer of GitHub serves callers without a token unasked: for them even "has it changed?" counts. */
export const GITHUB_FRESH_MS = 10 * 60_000;

/** How long an answer of GitHub is kept to ask "has it changed?", which with a token costs nothing of the rate limit. */
export const GITHUB_CACHE_MAX_AGE_S = 24 * 3600;

/** Longest time that GitHub is left alone after it said so: its windows are an hour. */
export const GITHUB_PAUSE_MAX_MS = 3_600_000;

/** How long GitHub is left alone when it does not say until when: its own advice. */
export const GITHUB_PAUSE_DEFAULT_MS = 60_000;

/** How long a streamed answer may be silent, for its head or the next chunk: a healthy one never is for as long. */
export const UPSTREAM_IDLE_TIMEOUT_MS = 30_000;

/** Most bytes of a streamed answer that are read at once: what comes over a fast connection while a chunk is passed on. */
export const STREAM_READ_BYTES = 64 * 1024;

// Lineage and cost

/** Nodes of one lineage graph, registered or not: the contract's. */
export const LINEAGE_MAX_NODES = 500;

/** Generations whose scores count in a tree score: the contract's. */
export const ANCESTOR_MAX_DEPTH = 5;

/** What R2 charges for a gigabyte (10^9 bytes) and month of standard storage, in US dollars, at its list price of 2026. */
export const R2_USD_PER_GB_MONTH = 0.015;

// Bundles

/** Entries of a bundle: up to a kilobyte of memory each while it is inspected; the largest repositories kept whole have some ten thousand files. */
export const BUNDLE_MAX_ENTRIES = 75_000;

/** Directory of a bundle, which is read whole: 160 bytes for each entry. */
export const BUNDLE_DIRECTORY_MAX_BYTES = 12 * 1024 * 1024;

/** One entry that is read into memory whole. */
export const BUNDLE_ENTRY_MAX_BYTES = 32 * 1024 * 1024;

/** What all entries of a bundle may declare together: the store takes no larger object. */
export const BUNDLE_MAX_DECLARED_BYTES = 5 * 1024 ** 4;

/** What the deflated entries of an archive may inflate to together: some twenty seconds of CPU. Weights are better stored. */
export const BUNDLE_MAX_INFLATED_BYTES = 4_000_000_000;

/** Inflated over packed size beyond which an entry is noted and a large archive is a bomb: text reaches 20, deflate 1032. */
export const BUNDLE_MAX_RATIO = 200;

/** Inflated size below which an entry may have any ratio unnoted. */
export const BUNDLE_RATIO_FREE_BYTES = 1024 * 1024;

/** Bytes of a bundle that are read back at once for its digest: fewer make more work than bytes. */
export const BUNDLE_READ_BYTES = 256 * 1024;

/** An object is read back in ranges of so many bytes, one after the other: few calls, and little that is under way at once. */
export const READ_BACK_RANGE_BYTES = 64 * 1024 * 1024;

/** Ranges of one object that is read back: an invocation has 10,000 calls on the paid plan. */
export const READ_BACK_MAX_RANGES = 1000;

/** Bytes of a long copy after which it pauses for a millisecond (`lib/pace.ts`): two seconds for each gigabyte. */
export const PACE_BYTES = 512 * 1024;

/** A path inside a bundle, in UTF-8: what file systems and the object store take. */
export const BUNDLE_PATH_MAX_BYTES = 1024;

// Files of a bundle

/** Life of a link into the bucket that a download is sent on to: long enough to begin, and nothing to keep. */
export const PRESIGNED_GET_S = 60;

/** Files in one row of a bundle's index, which is what reading one of them costs: about 35 kB. */
export const BUNDLE_INDEX_PAGE_FILES = 100;

/** Pages of an index that one statement writes: about 1 MB, of the 2 MB that a bound value may have. */
export const BUNDLE_INDEX_PAGES_PER_STATEMENT = 25;

/** How far into a deflated file a range may begin: it is inflated from its start for that, within some ten milliseconds. */
export const DEFLATED_RANGE_MAX_OFFSET_BYTES = 4 * 1024 * 1024;

/** Files in one page of a listing: as in every list of ours. */
export const FILES_PAGE = 1000;

/** Files of which a part of a bundle is put together on the way out: each is a read of the object store, of which an invocation has a bounded number. */
export const PART_MAX_FILES = 900;

/** Rows of the index that are searched for the files of a part, or listed in one record: five thousand files, 1 MB. */
export const INDEX_MAX_PAGES = 50;

// Inspection

/** Findings that one inspection hands out: more do not make it clearer. */
export const INSPECT_MAX_FINDINGS = 100;

/** Ranged reads of one inspection: an invocation has 10,000 calls on the paid plan, and an upload's others stay below a hundred. */
export const INSPECT_MAX_READS = 9000;

/** Those of them for local headers that lie far from others; the rest is left for joined reads and for the files themselves. */
export const INSPECT_MAX_HEADER_READS = 7000;

/** Bytes that one inspection reads: half a minute from the object store. */
export const INSPECT_MAX_READ_BYTES = 2 * 1024 ** 3;

/** Bytes of the files themselves that one inspection looks through, inflated ones too: some twenty seconds of CPU when every byte is an opcode. */
export const INSPECT_MAX_CONTENT_BYTES = 64 * 1024 * 1024;

/** Bytes between two local headers that are read through instead of making a call of their own. */
export const INSPECT_COALESCE_BYTES = 128 * 1024;

/** Longest read that joins several local headers. */
export const INSPECT_READ_MAX_BYTES = 2 * 1024 * 1024;

/** First bytes of an entry by which its kind is told when its name does not tell: a deflated block's tables fit, and a text is seen to be no pickle. */
export const INSPECT_HEAD_BYTES = 256;

/** Small reads of an inspection fetch this much, so that neighbouring small files share a call. */
export const INSPECT_READ_AHEAD_BYTES = 64 * 1024;

/** A deflated entry that is inflated to look inside; larger ones stay unknown. */
export const INSPECT_INFLATE_MAX_BYTES = 16 * 1024 * 1024;

/** Opcodes of one pickle: the largest checkpoints of real models have some hundred thousand. */
export const PICKLE_MAX_OPCODES = 2_000_000;

/** Bytes of one pickle that are read; the payload of byte strings is stepped over and does not count. */
export const PICKLE_MAX_BYTES = 32 * 1024 * 1024;

/** Containers and objects of one pickle: each takes some sixty bytes while it is judged. */
export const PICKLE_MAX_VALUES = 1_000_000;

/** Pickles one behind the other in one file: torch's old format has five. */
export const PICKLE_MAX_STREAMS = 64;

/** Memo of one pickle: what fits memory when every entry is hostile. */
export const PICKLE_MAX_MEMO = 500_000;

/** Texts of one pickle that are kept to tell what an import by name is. */
export const PICKLE_TEXTS_MAX_CHARS = 16 * 1024 * 1024;

/** A text of a pickle that may name an import; longer ones cannot. */
export const PICKLE_NAME_MAX_BYTES = 512;

/** Header of a safetensors file: real ones stay below 2 MB, the format allows 100 MB. */
export const SAFETENSORS_HEADER_MAX_BYTES = 8 * 1024 * 1024;

/** First bytes of an HDF5 file that are searched for code of Keras. */
export const HDF5_SEARCHED_BYTES = 4 * 1024 * 1024;

// Uploads

/** How long the body of one upload request may take: well below the age at which its intent is given up. */
export const UPLOAD_BODY_TIMEOUT_MS = 30 * 60_000;

/** How long an issued id waits for its content, and an upload in parts for its end; the store itself aborts parts after seven days. */
export const UPLOAD_LIFE_MS = 72 * 3_600_000;

/** Zip, or part of one, in one request: what Workers on the small plans are sent. */
export const UPLOAD_BODY_MAX_BYTES = 100 * 1024 * 1024;

/** Zip that is uploaded in parts. It is read back once for its digests, which takes up to 3 s of CPU a GB of one invocation. */
export const UPLOAD_MAX_BYTES = 20 * 1024 ** 3;

/** Least size of every part but the last: the object store's. */
export const UPLOAD_PART_MIN_BYTES = 5 * 1024 * 1024;

/** Largest part: the object store's, for who writes to it by a presigned link; through the Worker it is the body's. */
export const UPLOAD_PART_MAX_BYTES = 5 * 1024 ** 3;

/** Parts by default: few enough requests, and little lost when one breaks off. */
export const UPLOAD_PART_DEFAULT_BYTES = 32 * 1024 * 1024;

/** Parts of one upload: the object store's. */
export const R2_MAX_PARTS = 10_000;

/** Life of a link that a part is put to: an hour for a slow line. */
export const PRESIGNED_PUT_S = 3600;

/** Zip that is read whole where parts of it are wanted: one call instead of a dozen. */
export const READ_WHOLE_MAX_BYTES = 4 * 1024 * 1024;

/** Findings that a refusal of an upload names. */
export const REFUSAL_MAX_FINDINGS = 20;

// Content that was inspected by older rules

/** Bytes, as stored and inflated, of which one run takes digests: some three seconds of CPU. */
export const RECHECK_STEP_BYTES = 1024 ** 3;

/** A file whose digest is known is read again for what else an inspection wants to know up to this size. */
export const RECHECK_KNOWN_MAX_BYTES = 64 * 1024 * 1024;

/** Bytes between two files that are read through instead of making a call of their own. */
export const RECHECK_COALESCE_BYTES = 1024 * 1024;

/** Reads of the bucket for such files in one run. */
export const RECHECK_MAX_READS = 20;

/** Wait before an archive is tried again whose check did not come to its end; doubled each time. */
export const RECHECK_RETRY_MS = 10 * 60_000;

/** Longest such wait. */
export const RECHECK_RETRY_MAX_MS = 24 * 3_600_000;

/** Runs that may be cut off in the same place, by the CPU time that an invocation has, before the check goes on without it. */
export const RECHECK_MAX_TRIES = 5;

// Mirrors

/** Part of a mirror that is copied at once: what is lost when a step fails. More where there would be too many. */
export const MIRROR_PART_BYTES = 16 * 1024 * 1024;

/** Parts of a mirror: each is a step, of which a workflow has 1024 on every plan. */
export const MIRROR_MAX_PARTS = 1000;

/** Part of an archive whose length nobody knows before its end, held in memory: with 10,000 of them 80 GB. */
export const MIRROR_ARCHIVE_PART_BYTES = 8 * 1024 * 1024;

/** Files of a mirror: what a step remembers of them all (their digests) fits its megabyte. */
export const MIRROR_MAX_FILES = 10_000;

/** How long one step of a mirror may take: reading back a hundred gigabytes. */
export const MIRROR_STEP_TIMEOUT_MS = 30 * 60_000;

/** Tries of a step after the first. */
export const MIRROR_STEP_RETRIES = 5;

/** Wait before the first of them; doubled each time. */
export const MIRROR_RETRY_DELAY_MS = 10_000;

/** How long the upload of a mirror lives without a sign of life: several tries of its longest step. */
export const MIRROR_LEASE_MS = 3 * 3_600_000;

/** Age after which a mirror that has not begun is started again, in case that nobody did. */
export const MIRROR_RELAUNCH_MS = 10 * 60_000;

/** Waiting mirrors that one sweep looks after, with up to four calls each. */
export const MIRROR_RELAUNCH_MAX = 3;

// The hub's routes

/** Entries in one page of a tree as the hub's clients read it: the hub's own page. */
export const HUB_TREE_PAGE = 1000;

/** Rows of the index that one page of a tree reads: more than enough for its entries, unless a directory is passed over. */
export const HUB_TREE_INDEX_PAGES = 20;

/** Paths that one paths-info asks for: the Hub's own bound, which its clients count on. */
export const HUB_PATHS_MAX = 1000;

/** Body of paths-info: that many paths of usual length, as JSON or as a form. */
export const HUB_PATHS_BODY_MAX_BYTES = 512 * 1024;

/** Evidence that is read back to describe a model: what an ingest collects stays below. */
export const HUB_EVIDENCE_MAX_BYTES = 16 * 1024 * 1024;

// Access

/** Iterations of PBKDF2-SHA-256: the most that the platform computes. */
export const PBKDF2_ITERATIONS = 100_000;

/** Salt of a password: as long as it takes that no two are the same. */
export const PASSWORD_SALT_BYTES = 16;

/** Shortest password that is taken: what the platform's key stretching is too weak for must not be guessable either. */
export const PASSWORD_MIN_CHARS = 12;

/** Longest password: a sentence of any length that somebody types. */
export const PASSWORD_MAX_CHARS = 1024;

/** Secret part of a token. */
export const TOKEN_SECRET_BYTES = 32;

/** How long a session lives: the contract's ten hours. */
export const SESSION_MS = 10 * 3_600_000;

/** How many calls a session is good for: the contract's. */
export const SESSION_CALLS = 1000;

/** Calls that an isolate takes out of a session with one write: one write in twenty calls, and at most nineteen calls lost. */
export const LEASE_CALLS = 20;

/** Sessions whose leases an isolate remembers; of those beyond, what is left of the oldest lease is lost. */
export const LEASES_REMEMBERED = 2000;

/** Long-lived tokens of one user: more than anybody can keep apart. */
export const TOKENS_PER_USER_MAX = 100;

/** Users or tokens in one answer. */
export const ACCOUNTS_PAGE = 1000;

/** How long the public keys of Cloudflare Access are used unasked; they change every six weeks and overlap by seven days. */
export const ACCESS_KEYS_FRESH_MS = 3_600_000;

/** Least time between two questions for those keys: an assertion with a made-up key id must not cause a question each. */
export const ACCESS_KEYS_RETRY_MS = 60_000;

/** How long a call waits for the answer that another one has asked for: whoever asked may be gone. */
export const ACCESS_KEYS_WAIT_MS = 2000;

/** Cap of that answer: two keys, each twice, are 6 kB. */
export const ACCESS_KEYS_MAX_BYTES = 64 * 1024;

/** By how much the clocks of Cloudflare Access and ours may differ. */
export const ACCESS_CLOCK_SKEW_S = 30;

/** Longest assertion of Cloudflare Access that is looked at: groups and countries included they stay below 4 kB. */
export const ACCESS_ASSERTION_MAX_CHARS = 16_384;
