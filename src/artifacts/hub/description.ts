/** What upstream said of a model or dataset, out of the evidence that its bundle keeps. */

import { z } from "zod";
import { text } from "../../sources/lenient.ts";

/** The part that clients of the hub look at. All of it as upstream said it, at the time of the ingest. */
export interface HubDescription {
  tags: string[];
  downloads: number;
  likes: number;
  pipeline_tag?: string | undefined;
  library_name?: string | undefined;
  /** The front matter of the card. */
  cardData?: Record<string, unknown> | undefined;
}

const count = z.number().int().nonnegative().catch(0);
const evidence = z.object({
  record: z.object({
    status: z.literal("found"),
    value: z.object({
      tags: z.array(z.string()).catch([]),
      downloads: count,
      likes: count,
      pipeline_tag: text,
      library_name: text,
      card_data: z.record(z.string(), z.unknown()).optional().catch(undefined),
    }),
  }),
});

/**
 * Reads evidence leniently: a bundle may come from anybody.
 * @param json the text of `evidence.json`, if there is one
 */
export function describedBy(json: string | undefined): HubDescription {
  const parsed = evidence.safeParse(parse(json));
  if (!parsed.success) return { tags: [], downloads: 0, likes: 0 };
  const { card_data, ...value } = parsed.data.record.value;
  return { ...value, ...(card_data && { cardData: card_data }) };
}

function parse(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? "");
  } catch {
    return undefined;
  }
}
