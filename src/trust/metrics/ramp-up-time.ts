/**
 * ramp_up_time: README without front matter: words < 50 0, < 200 .10, < 500 .25, else .40; + .35 an install or usage heading
 * (in English, Chinese, Japanese, Korean, French, German, Spanish, Portuguese, Russian or Italian), or an install command in
 * a code block; + .25 a code block with a language or of ≥ 2 lines, fenced or indented. No README, or none that can be read: 0.
 * Scripts without spaces between words are counted by characters: two of Chinese or Japanese, four of Thai, Lao, Khmer or
 * Burmese make a word.
 */

import type { ModelEvidence } from "../evidence.ts";
import { type Fence, type Heading, readmeOutline } from "./markdown.ts";
import { type MetricResult, measured, unavailable, undecided } from "./result.ts";

export const version = 2;

const USAGE = new RegExp(
  [
    String.raw`\b(?:install|installing|installation|usage|quick ?-?start|get(?:ting)? started|set-?up)\b`,
    String.raw`\b(?:how (?:to|do i) (?:use|run|load|install)|using (?:the|this))\b`,
    String.raw`^(?:use|using|run|running)\b`,
    "^(?:code |quick |minimal |inference )?(?:examples?|inference)(?: code| script)?$",
  ].join("|"),
  "i",
);
/** The same in nine other languages; what stands for "intended use" is left to the words below. */
const USAGE_ELSEWHERE = new RegExp(
  [
    "使用方法|如何使用|使用说明|用法|快速开始|快速上手|快速使用|安装|部署|调用|示例|推理",
    "使い方|使用方法|利用方法|インストール|セットアップ|クイックスタート|実行方法|サンプルコード",
    "사용법|사용 방법|사용하기|설치|빠른 시작|시작하기|예제",
    String.raw`(?<!\p{L})(?:utilisation|comment utiliser|installation|démarrage rapide|prise en main|exemples?)(?!\p{L})`,
    String.raw`(?<!\p{L})(?:verwendung|nutzung|benutzung|anwendung|installation|schnellstart|erste schritte|beispiele?)(?!\p{L})`,
    String.raw`(?<!\p{L})(?:uso|cómo usar|como usar|instalación|inicio rápido|primeros pasos|ejemplos?)(?!\p{L})`,
    String.raw`(?<!\p{L})(?:utilização|instalação|início rápido|primeiros passos|exemplos?)(?!\p{L})`,
    String.raw`(?<!\p{L})(?:utilizzo|come usare|come si usa|installazione|guida rapida|esempi[o]?)(?!\p{L})`,
    "использовани[ея]|как использовать|установка|быстрый старт|запуск|примеры?",
  ].join("|"),
  "iu",
);
const NO_USAGE_ELSEWHERE =
  /预期|限制|许可|範囲|制限|ライセンス|제한|라이선스|prévue|limites?|licence|vorgesehen|grenzen|lizenz|previsto|pretendido|previsti|limita|licen[czs]|ограничен|лицензи|предполагаем/iu;
/** Headings that speak of use without telling how: "Intended uses", "Usage and limitations", "Use cases". */
const NO_USAGE =
  /\b(?:intended|scope|acceptable|prohibited|misuse|malicious|limitations?|license|policy|risks?|cases?)\b/i;
const INSTALL = new RegExp(
  [
    String.raw`^[\s>#$%!]*(?:sudo\s+)?(?:(?:python[\d.]*|py)\s+-m\s+)?`,
    "(?:pip[0-9.]*|pipx|conda|mamba|micromamba|uv pip|uv|poetry|npm|pnpm|yarn|apt|apt-get|brew|cargo|go|gem)",
    String.raw`\s+(?:install|i|add|get)\b`,
  ].join(""),
);
const LINE_MAX_CHARS = 200;

/** Points for a number of words, 0 to .40. */
function wordPoints(words: number): number {
  if (words < 50) return 0;
  if (words < 200) return 0.1;
  return words < 500 ? 0.25 : 0.4;
}

/** Whether a heading announces how to install or use the model, with something under it. */
function isUsageHeading(heading: Heading): boolean {
  if (!heading.filled || NO_USAGE.test(heading.text)) return false;
  return USAGE.test(heading.text) || (USAGE_ELSEWHERE.test(heading.text) && !NO_USAGE_ELSEWHERE.test(heading.text));
}

/** Whether a fenced block holds a command that installs something. */
function hasInstallCommand(fence: Fence): boolean {
  return fence.code.split("\n").some((line) => INSTALL.test(line.slice(0, LINE_MAX_CHARS)));
}

/** How quickly somebody can start with the model, judged by its README. */
export function rampUpTime(evidence: ModelEvidence): MetricResult {
  const { readme } = evidence;
  if (undecided(readme)) return unavailable("README", readme);
  const outline = readmeOutline(readme);
  if (!outline) return measured(0, { readme: "absent" }, []);
  const usage = outline.headings.find(isUsageHeading);
  const install = outline.fences.some(hasInstallCommand);
  const example = outline.fences.some((fence) => fence.lines >= 2 || (fence.language !== "" && fence.lines >= 1));
  const points = {
    words: wordPoints(outline.words),
    usage: usage || install ? 0.35 : 0,
    example: example ? 0.25 : 0,
  };
  return measured(
    points.words + points.usage + points.example,
    {
      words: outline.words,
      usage_heading: usage?.text ?? null,
      install_command: install,
      fenced_blocks: outline.fences.length,
      points,
    },
    [readme],
  );
}
