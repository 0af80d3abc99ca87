/** Sizes in a Keras configuration, by which building the model would take more memory than a machine has. */

import type { Note } from "../../format.ts";

/** Lengths of one side of a layer's weights. */
const SIDES = new Set("units filters input_dim output_dim key_dim value_dim num_heads".split(" "));
/** Shapes of what goes into a layer: one of their numbers is the other side. */
const SHAPES = new Set("shape batch_shape input_shape batch_input_shape".split(" "));
const SIDE_MAX = 10_000_000;
const PRODUCT_MAX = 10_000_000_000;

/** Gathers the largest sizes of a configuration. Layers may be connected in any order, so that any two may be sides of one. */
export class KerasSizes {
  #largest = 0;
  #second = 0;
  #shape = 0;

  /** @param raw a number as it stands in the text; anything else is passed over */
  add(key: string, raw: string): void {
    const shape = SHAPES.has(key);
    if (!shape && !SIDES.has(key)) return;
    const size = Number(raw.replace("Infinity", "1e99"));
    if (!(size > 0)) return;
    if (shape) this.#shape = Math.max(this.#shape, size);
    else if (size > this.#largest) [this.#largest, this.#second] = [size, this.#largest];
    else this.#second = Math.max(this.#second, size);
  }

  judge(note: Note): void {
    if (this.#largest > SIDE_MAX || this.#largest * Math.max(this.#second, this.#shape) > PRODUCT_MAX) {
      note("keras_custom", "layers whose weights are too large to be made");
    }
  }
}
