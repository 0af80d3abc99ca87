/**
 * What the fenced code of a README does with a model: which ids it names, whether it loads one, what it asks for.
 *
 * Invariant: code is never run nor parsed, only cut into words; every expression is linear in the block, and the block
 * is bounded.
 */

import type { Fence } from "./markdown.ts";

/** One fenced block that uses a model. */
export interface Snippet {
  /** It calls something that loads a model by id. */
  loads: boolean;
  /** Words of the code in lower case, hub addresses and revisions taken off ids. */
  words: ReadonlySet<string>;
  /** Something in it is meant to be replaced by the reader. */
  placeholder: boolean;
  /** What in it runs code that is not the library's: `trust_remote_code`, `exec`, a script of the repository ... */
  runs_code: string[];
  /** It makes a tokenizer. */
  tokenizer: boolean;
  /** It makes a processor, feature extractor or image processor. */
  processor: boolean;
  /** It loads a LoRA or other adapter onto a base model. */
  adapter: boolean;
  /** File names that it asks the hub for. */
  asks_for: string[];
  /** Libraries that it imports or calls from the shell. */
  libraries: string[];
}

/** Calls that load a model by id. */
const CALLS = String.raw`\w*from_pretrained from_hparams from_pretrained_keras pipeline
    SentenceTransformer CrossEncoder SparseEncoder hf_hub_download snapshot_download load_model create_model
    create_model_and_transforms load_lora_weights load_attn_procs load_adapter WhisperModel SequenceTagger\.load
    spacy\.load hub\.load StaticModel LLM YOLO ASRModel\.\w+ from_single_file from_file load_from_hub torch\.load
    InferenceSession`;
const LOADER = new RegExp(String.raw`\b(?:${CALLS.split(/\s+/).join("|")})\s*\(`, "i");
/** Commands that do. */
const SHELL_LOADER = new RegExp(
  [
    String.raw`\b(?:vllm serve|ollama (?:run|pull)|(?:huggingface-cli|hf) download|llama-(?:cli|server))\b`,
    String.raw`\b(?:lms get|mlx_lm|text-generation-launcher|sglang\.launch_server|docker model run)\b`,
    String.raw`\bgit clone https://(?:huggingface\.co|hf\.co)/`,
    String.raw`\s--model(?:-id|_name_or_path|-path)?[\s=]`,
  ].join("|"),
  "i",
);
/** Arguments that make a loader run code. White space is taken off before, so that no spelling of an argument hides it. */
const RUNS_CODE_BARE: readonly (readonly [string, RegExp])[] = [
  // any value but a plain False: True, 1, a variable, the empty end of a command-line flag
  [
    "trust_remote_code",
    /trust_remote_code["']?\]?[=:](?!(?:False|false|0|None|null)(?![\w.]))|--trust[-_]remote[-_]code(?!=(?:false|0)\b)/i,
  ],
  ["custom_pipeline", /custom_pipeline["']?[=:](?!(?:None|null)\b)|--custom[-_]pipeline/],
  ["weights_only=False", /weights_only["']?[=:](?!True\b|1\b)/],
];
/** Calls that run code; methods of those names (`model.eval()`, `torch.compile()`) are something else. */
const RUNS_CODE: readonly (readonly [string, RegExp])[] = [
  [
    "exec or eval",
    /(?<![\w.])(?:exec|eval|compile|__import__|execfile)[ \t]{0,20}\(|__builtins__|\brunpy\b|\bimportlib\b/,
  ],
  ["a shell", /\bos\.(?:system|popen|exec\w{1,4})[ \t]{0,20}\(|\bsubprocess\.\w{1,20}[ \t]{0,20}\(/],
];
const DOWNLOAD = /curl|wget|iwr|irm|Invoke-WebRequest/i;
const INTO_SHELL = /\|(?:sudo)?(?:(?:ba|z)?sh|iex|python3?)\b/i;
const SHELL_OF_DOWNLOAD = /(?:sh["']?<\(|sh-c["']?\$\(|iex\(|iex["']?&?\()["']?(?:curl|wget|iwr|irm)/i;

/** Whether a line hands what it downloads to a shell: `curl ... | sh`, `bash <(curl ...)`. Each part is searched once. */
function runsDownload(line: string): boolean {
  const at = line.search(DOWNLOAD);
  return at !== -1 && (INTO_SHELL.test(line.slice(at)) || SHELL_OF_DOWNLOAD.test(line));
}

/** Files that are code, where the hub is asked for them. */
const CODE_FILE = /\.(?:py|pyc|so|sh|exe|dll|bat|cmd|ps1|js|jar|whl)$/i;
/** How much of a call is searched for its end. */
const CALL_MAX_CHARS = 2000;
const CALLS_MAX = 200;

/** Whether a call that loads a model takes keywords from a variable (`**kwargs`), which may hold anything. */
function loadsWithHiddenKeywords(code: string): boolean {
  const calls = [...code.matchAll(new RegExp(LOADER.source, "gi"))];
  // no card shows so many; each costs a look ahead
  if (calls.length > CALLS_MAX) return true;
  for (const call of calls) {
    const rest = code.slice(call.index + call[0].length, call.index + call[0].length + CALL_MAX_CHARS);
    let depth = 1;
    for (let at = 0; at < rest.length && depth > 0; at += 1) {
      const char = rest[at];
      if (char === "(") depth += 1;
      else if (char === ")") depth -= 1;
      else if (depth === 1 && rest.startsWith("**", at) && /(?:^|,)\s*$/.test(rest.slice(Math.max(0, at - 20), at)))
        return true;
    }
  }
  return false;
}

/** What of a snippet's code runs code of strangers. */
function codeRun(code: string, bare: string, asksFor: readonly string[]): string[] {
  const found = [
    ...RUNS_CODE_BARE.flatMap(([name, pattern]) => (pattern.test(bare) ? [name] : [])),
    ...RUNS_CODE.flatMap(([name, pattern]) => (pattern.test(code) ? [name] : [])),
  ];
  if (bare.split("\n").some(runsDownload)) found.push("a download piped to a shell");
  if (loadsWithHiddenKeywords(code)) found.push("**keywords");
  if (asksFor.some((file) => CODE_FILE.test(file))) found.push("a download of code");
  return found;
}

const PROGRAM =
  /^(?:py|python|python3|pycon|ipython|js|javascript|ts|typescript|java|swift|rust|go|cpp|c\+\+|julia|r|kotlin)$/;
const IMPORT = /^\s*(?:>>> ?)?(?:from\s+(\w+)[.\w]*\s+import\b|import\s+(\w+))/;
const JS_IMPORT = /\bfrom\s+["'](?:@huggingface\/|@xenova\/)?(transformers|[\w.-]{1,60})["']/;
/** "your" with a blank behind it stands in prompts too ("What is your name?"), so only a few words count there. */
const YOURS =
  "model|user|username|name|org|organization|repo|repository|path|token|api|hf|key|image|audio|file|adapter|checkpoint";
const PLACEHOLDER = new RegExp(
  [
    String.raw`\byour[-_/](?:${YOURS})|\byour (?:username|hf token|access token|api key|model path)`,
    String.raw`<your|\binsert[-_ ]your`,
    String.raw`\bpath[-_/]to[-_/]|<(?:model|repo|path|username|org)[^<>\n]{0,40}>`,
    String.raw`\b(?:model_id|repo_id)\s*=\s*["']{2}|["']\.\.\.["']`,
  ].join("|"),
  "i",
);
const ASKED_FILE = /\b(?:filename|gguf_file|weight_name|weights_name|file_name)\s*=\s*f?["']([^"'\n]{1,200})["']/g;
const WORDS = /[^\s"'`,;()[\]{}=<>|]+/g;

/** Shell tools that carry a library's name. */
const TOOLS: readonly (readonly [string, string])[] = [
  ["vllm serve", "vllm"],
  ["ollama ", "ollama"],
  ["llama-cli", "llama.cpp"],
  ["llama-server", "llama.cpp"],
  ["mlx_lm", "mlx"],
];

/** An id without the hub's address, a revision (`@…`), a quantisation (`:Q4_K_M`) or a trailing slash. */
function bareId(word: string): string {
  const id = word
    .toLowerCase()
    .replace(/^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//, "")
    .replace(/^hf-hub:|^hf_hub:/, "");
  return (id.split(/[@:]/, 1)[0] ?? "").replace(/\/$/, "");
}

/** Reads a fenced block; `undefined` if it is no demonstration of a model (an install command, output, a citation). */
export function readSnippet(fence: Fence): Snippet | undefined {
  // A comment names ids without loading them.
  const lines = fence.code.split("\n").filter((line) => !/^\s*(?:#|\/\/)/.test(line.slice(0, 200)));
  const code = lines.join("\n");
  const imports = lines.flatMap((line) => {
    const found = IMPORT.exec(line.slice(0, 300)) ?? JS_IMPORT.exec(line.slice(0, 300));
    const name = found?.[1] ?? found?.[2];
    return name ? [name.toLowerCase()] : [];
  });
  const loads = LOADER.test(code) || SHELL_LOADER.test(code);
  const program = (PROGRAM.test(fence.language) && fence.lines >= 2) || imports.length > 0;
  if (!loads && !program) return undefined;
  const bare = code.replace(/[^\S\n]+/g, "").replace(/\n(?=[=:,)\]])|(?<=[=:,([])\n/g, "");
  const asks_for = [...code.matchAll(ASKED_FILE)].flatMap((match) => (match[1] ? [match[1]] : [])).slice(0, 50);
  return {
    loads,
    words: new Set((code.match(WORDS) ?? []).map(bareId)),
    placeholder: PLACEHOLDER.test(code),
    runs_code: codeRun(code, bare, asks_for),
    tokenizer: /tokenizer\w{0,40}\.from_pretrained/i.test(code),
    processor: /(?:processor|featureextractor)\w{0,40}\.from_pretrained/i.test(code),
    adapter: /load_lora_weights|load_attn_procs|peftmodel|autopeft|load_adapter/i.test(code),
    asks_for,
    libraries: [
      ...new Set([...imports, ...TOOLS.flatMap(([tool, library]) => (code.includes(tool) ? [library] : []))]),
    ],
  };
}
