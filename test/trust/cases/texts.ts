/** Building blocks of cards: enough words for a length, a loading snippet, tables. Texts are our own. */

const SENTENCES = [
  "The training text was cleaned of markup, split into sentences and shuffled before the first epoch.",
  "Rare words are cut into pieces, so that no input is lost, and pieces are mapped to vectors of a fixed width.",
  "Quality drops on dialects, on very long inputs and on domains that were not seen in training.",
  "Numbers in the table are means over three runs with different seeds; the spread is below half a point.",
  "Outputs repeat what is common in the sources, stereotypes included, and should be read by a person.",
  "We kept one percent of the documents aside and never looked at them while choosing hyperparameters.",
];

/** About so many words of plain prose. */
export function prose(words: number): string {
  const out: string[] = [];
  for (let count = 0, at = 0; count < words; at += 1) {
    const sentence = SENTENCES[at % SENTENCES.length] ?? "";
    out.push(sentence);
    count += sentence.split(" ").length;
  }
  return out.join(" ");
}

/** A fenced block of Python that loads a model of transformers. */
export const loads = (id: string, auto = "AutoModel"): string =>
  `\`\`\`python\nfrom transformers import AutoTokenizer, ${auto}\n\ntokenizer = AutoTokenizer.from_pretrained("${id}")\nmodel = ${auto}.from_pretrained("${id}")\n\`\`\`\n`;

/** A table with numbers below a heading. */
export const table = (heading: string, rows: readonly string[]): string =>
  `## ${heading}\n\n| Task | Score |\n| --- | --- |\n${rows.map((row, at) => `| ${row} | ${80 + at}.4 |`).join("\n")}\n\n`;

/** A `model-index` with one result for each dataset. */
export const results = (datasets: readonly string[], source?: string, more: Record<string, unknown> = {}) => [
  {
    name: "model",
    results: datasets.map((type, at) => ({
      task: { type: "text-classification" },
      dataset: { name: type, type, split: "test" },
      metrics: [{ type: "accuracy", value: 88.1 + at, ...more }],
      ...(source && { source: { name: "results", url: source } }),
    })),
  },
];

/** Files of a model of transformers, the configuration as text so that it is read. */
export const transformersFiles = (weights: Record<string, number>, more: Record<string, string | number> = {}) => ({
  ".gitattributes": 1200,
  "config.json": '{"architectures":["BertModel"],"model_type":"bert"}',
  "tokenizer.json": "{}",
  "tokenizer_config.json": "{}",
  "special_tokens_map.json": "{}",
  ...weights,
  ...more,
});
