/**
 * The terms of models that SPDX does not list, as the hub's `license` and `license_name` spell them. Data, no logic.
 *
 * Invariant: each has its source, and a kind that its text supports. What is not here is `unknown`, whatever it calls itself.
 */

import type { LicenseCategory } from "./catalogue.ts";

/** One set of terms. Its id becomes `LicenseRef-<id>`, SPDX's own way for licences that it does not list. */
export interface ModelLicense {
  category: LicenseCategory;
  /** URL of the text, or of a model that carries it. */
  source: string;
  /** Other spellings, lower case with dashes; an ending such as `-license` or `-agreement` need not be repeated. */
  names?: readonly string[];
  /** Whether a text such as "Built with Llama" must be shown. */
  credit?: true;
}

const HUB = "https://huggingface.co";
const LLAMA = "https://www.llama.com";
const QWEN = `${HUB}/Qwen`;
const NVIDIA = "https://www.nvidia.com/en-us/agreements/enterprise-software";

const restricted = (source: string, names: readonly string[] = []): ModelLicense => ({
  category: "use_restricted",
  source,
  names,
});
const credited = (source: string, names: readonly string[] = []): ModelLicense => ({
  ...restricted(source, names),
  credit: true,
});
const nonCommercial = (source: string, names: readonly string[] = []): ModelLicense => ({
  category: "non_commercial",
  source,
  names,
});
const research = (source: string, names: readonly string[] = []): ModelLicense => ({
  category: "research_only",
  source,
  names,
});

/** By id. */
export const MODEL_LICENSES: Readonly<Record<string, ModelLicense>> = {
  // Responsible AI licences
  openrail: restricted(`${HUB}/blog/open_rail`, ["openrail-m"]),
  "openrail-plus-plus": restricted(`${HUB}/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md`, [
    "openrail++",
    "openrail++-m",
    "stable-diffusion-xl-1.0",
  ]),
  "bigscience-bloom-rail-1.0": restricted(`${HUB}/spaces/bigscience/license`),
  "bigscience-openrail-m": restricted("https://bigscience.huggingface.co/blog/bigscience-openrail-m"),
  "bigcode-openrail-m": restricted("https://www.bigcode-project.org/docs/pages/bigcode-openrail"),
  "creativeml-openrail-m": restricted(`${HUB}/spaces/CompVis/stable-diffusion-license`),
  "fair-ai-public-license-1.0-sd": restricted("https://freedevproject.org/faipl-1.0-sd", ["faipl-1.0-sd"]),

  // community and model agreements with restrictions of use, field, size of business or territory
  gemma: restricted("https://ai.google.dev/gemma/terms", ["gemma-terms-of-use"]),
  llama2: credited(`${HUB}/meta-llama/Llama-2-7b-chat-hf/blob/main/LICENSE.txt`, ["llama-2", "llama2-community"]),
  llama3: credited(`${LLAMA}/llama3/license/`, ["llama-3", "llama3-community", "llama-3-community"]),
  "llama3.1": credited(`${LLAMA}/llama3_1/license/`, ["llama-3.1", "llama3.1-community", "llama-3.1-community"]),
  "llama3.2": credited(`${LLAMA}/llama3_2/license/`, ["llama-3.2", "llama3.2-community", "llama-3.2-community"]),
  "llama3.3": credited(`${LLAMA}/llama3_3/license/`, ["llama-3.3", "llama3.3-community", "llama-3.3-community"]),
  llama4: credited(`${LLAMA}/llama4/license/`, ["llama-4", "llama4-community", "llama-4-community"]),
  "dinov3-license": restricted("https://ai.meta.com/resources/models-and-libraries/dinov3-license/"),
  "sam-license": restricted("https://github.com/facebookresearch/sam3/blob/main/LICENSE"),
  "health-ai-developer-foundations": restricted("https://developers.google.com/health-ai-developer-foundations/terms", [
    "hai-def",
    "health-ai-developer-foundations-terms-of-use",
    "health-ai",
  ]),
  "tongyi-qianwen": credited(`${QWEN}/Qwen2-72B/blob/main/LICENSE`),
  qwen: credited(`${QWEN}/Qwen2.5-72B-Instruct/blob/main/LICENSE`, [
    "qwen-community",
    "qwen-community-1.0",
    "qwen-community-license-1.0",
  ]),
  "yi-license": restricted(`${HUB}/01-ai/Yi-34B/blob/main/LICENSE`),
  "deepseek-license": restricted("https://github.com/deepseek-ai/DeepSeek-V2/blob/main/LICENSE-MODEL", [
    "deepseek-model",
  ]),
  "modified-mit": credited(`${HUB}/moonshotai/Kimi-K2-Instruct/blob/main/LICENSE`, ["kimi-k2"]),
  "nvidia-open-model-license": restricted(`${NVIDIA}/nvidia-open-model-license/`, [
    "nvidia",
    "nvidia-open-model-agreement",
    "nvidia-nemotron-open-model",
    "nvidia-community-model",
  ]),
  "k-exaone": restricted(`${HUB}/LGAI-EXAONE/K-EXAONE-236B-A23B/blob/main/LICENSE`),
  "hyperclovax-seed": restricted(`${HUB}/naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-0.5B/blob/main/LICENSE`, [
    "hyperclovax",
  ]),
  "tencent-hunyuan-community": restricted(`${HUB}/tencent/HunyuanVideo/blob/main/LICENSE`, ["hunyuan"]),
  "lfm1.0": restricted(`${HUB}/LiquidAI/LFM2-1.2B/blob/main/LICENSE`, [
    "lfm-1.0",
    "lfm-open-license-v1.0",
    "lfm-open-license-1.0",
  ]),
  "ltx-2-community": restricted(`${HUB}/Lightricks/LTX-2/blob/main/LICENSE`, ["ltx-2.x-community"]),
  "stabilityai-ai-community": credited("https://stability.ai/community-license-agreement", [
    "stability-ai-community",
    "stable-audio-community",
  ]),
  "falcon-llm-license": restricted("https://falconllm.tii.ae/falcon-terms-and-conditions.html", [
    "falcon-mamba-7b",
    "tii-falcon",
    "falcon",
  ]),
  "jamba-open-model-license": restricted("https://www.ai21.com/jamba-open-model-license/"),
  "glm-4": restricted(`${HUB}/THUDM/glm-4-9b/blob/main/LICENSE`),
  "grok2-community": restricted(`${HUB}/xai-org/grok-2/blob/main/LICENSE`),
  "playground-v2dot5-community": restricted(
    `${HUB}/playgroundai/playground-v2.5-1024px-aesthetic/blob/main/LICENSE.md`,
    ["playground-v2-community"],
  ),

  // no commercial use
  exaone: nonCommercial(`${HUB}/LGAI-EXAONE/EXAONE-4.0-32B/blob/main/LICENSE`, ["exaonepath"]),
  "nvidia-license": nonCommercial(`${HUB}/nvidia/LocateAnything-3B/blob/main/LICENSE`, [
    "nvidia-source-code-license-nc",
    "nscl",
  ]),
  "fair-noncommercial-research-license": nonCommercial(
    `${HUB}/facebook/fair-noncommercial-research-license/blob/main/LICENSE`,
    ["fair-nc"],
  ),
  mnpl: nonCommercial("https://mistral.ai/licenses/MNPL-0.1.md", ["mnpl-0.1"]),
  "coqui-public-model-license": nonCommercial("https://coqui.ai/cpml", ["cpml"]),
  "bria-rmbg-1.4": nonCommercial("https://bria.ai/bria-huggingface-model-license-agreement/", ["bria-rmbg-2.0"]),

  // research only
  "apple-amlr": research(`${HUB}/apple/deeplabv3-mobilevit-small/blob/main/LICENSE`, [
    "apple-machine-learning-research-model",
  ]),
  "deepfloyd-if-license": research(`${HUB}/spaces/DeepFloyd/deepfloyd-if-license`),
  "intel-research": research(`${HUB}/OpenVINO/Llama-3.1-8B-Instruct-FastDraft-150M-int8-ov/blob/main/LICENSE.md`),
  "h-research": research(`${HUB}/Hcompany/Holo1-3B/blob/main/LICENSE`),
  "qwen-research": research(`${QWEN}/Qwen2.5-3B/blob/main/LICENSE`, ["tongyi-qianwen-research"]),
  mrl: research("https://mistral.ai/licenses/MRL-0.1.md", ["mrl-0.1"]),

  // permissive
  "apple-ascl": {
    category: "permissive",
    source: "https://developer.apple.com/support/downloads/terms/apple-sample-code/Apple-Sample-Code-License.pdf",
    names: ["apple-sample-code"],
  },
  "openmdw-1.1": { category: "permissive", source: "https://openmdw.ai/license/1-1/", names: ["openmdw1.1"] },

  // a family without a version: it is copyleft, but no row of the compatibility table may be picked for it
  gpl: { category: "strong_copyleft", source: "https://www.gnu.org/licenses/" },
  agpl: { category: "strong_copyleft", source: "https://www.gnu.org/licenses/" },
  lgpl: { category: "weak_copyleft", source: "https://www.gnu.org/licenses/" },
  gfdl: { category: "strong_copyleft", source: "https://www.gnu.org/licenses/" },
};
