/** Configurations of Keras, wherever they lie: what builds a model and no more is inert, and nothing else is. */

import { describe, expect, it } from "vitest";
import { JsonJudge } from "../../../src/inspection/formats/text/json-judge.ts";
import { join, makeZip } from "../../zip/make-zip.ts";
import { file, found } from "../inspecting.ts";
import { judge, verdict } from "./judging.ts";
import { SAMPLES } from "./samples.ts";

const node = (module: string | null | undefined, className: unknown, config: unknown = {}, more: object = {}) => ({
  ...(module !== undefined && { module }),
  class_name: className,
  config,
  registered_name: null,
  ...more,
});
const model = (...layers: unknown[]) => node("keras", "Sequential", { name: "m", layers });
const fn = (module: string | null, name: string) => node(module, "function", name, { registered_name: name });
const activation = (value: unknown) => model(node("keras.layers", "Activation", { activation: value }));
const dense = node("keras.layers", "Dense", {
  units: 3,
  activation: "relu",
  dtype: node("keras", "DTypePolicy", { name: "float32" }),
  kernel_initializer: node("keras.initializers", "GlorotUniform", { seed: null }),
});
const wide = (size: number, layer: unknown) =>
  model(node("keras.layers", "InputLayer", { batch_shape: [null, size] }), layer);
/** Keras 2 says no module. */
const old = (className: string, config: object = {}) => ({ class_name: className, config: { name: "x", ...config } });

describe("a configuration of Keras", () => {
  it.each<[what: string, config: unknown]>([
    ["a sequence of layers", model(dense, node("keras.layers", "Dropout", { rate: 0.1 }))],
    [
      "a functional model with operations",
      node(
        "keras.src.models.functional",
        "Functional",
        {
          layers: [
            dense,
            node("keras.src.ops.numpy", "Add", { name: "add" }, { registered_name: "Add" }),
            {
              ...node("keras.layers", "Flatten"),
              inbound_nodes: [{ args: [node(undefined, "__keras_tensor__", { shape: [null, 3] })], kwargs: {} }],
            },
          ],
        },
        { registered_name: "Functional" },
      ),
    ],
    ["functions of Keras's own", activation(fn("keras.activations", "softmax"))],
    ["functions by name alone", activation(fn("builtins", "relu"))],
    [
      "an optimizer, losses and metrics",
      {
        ...model(dense),
        compile_config: {
          optimizer: node("keras.optimizers", "Adam", {
            learning_rate: node("keras.optimizers.schedules", "ExponentialDecay", {}),
          }),
          loss: "mse",
          metrics: ["mae", node("keras.metrics", "AUC")],
        },
      },
    ],
    ["a vocabulary of words", model(node("keras.layers", "StringLookup", { vocabulary: ["a", "b"] }))],
    ["a model of Keras 2", old("Sequential", { layers: [old("Dense", { units: 1 }), old("InputLayer")] })],
    ["operations of Keras 2", old("Functional", { layers: [old("TFOpLambda", { function: "math.add" })] })],
  ])("of %s is inert", async (_, config) => {
    expect(await verdict(JSON.stringify(config), "config.json")).toEqual({ kind: "keras-config", codes: [] });
  });

  const marshalled = { class_name: "__lambda__", config: { code: "4wEA", defaults: null, closure: null } };
  it.each<[what: string, config: unknown, code: string]>([
    ["a lambda layer", model(node("keras.layers", "Lambda", { function: marshalled })), "keras_lambda"],
    [
      "a lambda layer of Keras 2",
      old("Sequential", { layers: [old("Lambda", { function: ["4wEA", null, null] })] }),
      "keras_lambda",
    ],
    ["a registered lambda layer", model(node("keras.layers", "Custom>Lambda")), "keras_lambda"],
    ["a lambda as an activation", activation(marshalled), "keras_lambda"],
    [
      "a function that was marshalled",
      old("Sequential", { layers: [old("Any", { function_type: "lambda" })] }),
      "keras_lambda",
    ],
    ["get_file as an activation", activation(fn("keras.utils", "get_file")), "keras_code"],
    [
      "the end of safe mode as an activation",
      activation(fn("keras.config", "enable_unsafe_deserialization")),
      "keras_code",
    ],
    [
      "the same by its inner module",
      activation(fn("keras.src.saving.serialization_lib", "enable_unsafe_deserialization")),
      "keras_code",
    ],
    ["a model loaded as an activation", activation(fn("keras.models", "load_model")), "keras_code"],
    ["a class that is a function", model(node("keras.utils", "get_file")), "keras_code"],
    ["a deserializer under a harmless module", activation(fn("keras.activations", "deserialize")), "keras_code"],
    ["a harmless name in a module that acts", activation(fn("keras.saving", "relu")), "keras_code"],
    ["a function of Python", activation(fn("os", "system")), "keras_code"],
    ["a function of Python's that has Keras's name", activation(fn("os", "relu")), "keras_code"],
    ["a builtin that evaluates", activation(fn("builtins", "eval")), "keras_code"],
    ["a class of Python", model(node("subprocess", "Popen", { args: "id" })), "keras_code"],
    [
      "a vocabulary from a file",
      model(node("keras.layers", "StringLookup", { vocabulary: "/etc/passwd" })),
      "keras_code",
    ],
    [
      "a vocabulary from an address",
      model(node("keras.layers", "TextVectorization", { vocabulary: "http://a/" })),
      "keras_code",
    ],
    ["a saved model of TensorFlow", model(node("keras.layers", "TFSMLayer", { filepath: "/x" })), "keras_code"],
    ["a module of torch", model(node("keras.layers", "TorchModuleWrapper", { module: "UEsDBA" })), "keras_code"],
    ["a function of JAX", model(node("keras.layers", "JaxLayer")), "keras_code"],
    ["a function of Flax", model(node("keras.layers", "FlaxLayer")), "keras_code"],
    [
      "an operation that writes",
      old("Functional", { layers: [old("TFOpLambda", { function: "io.write_file" })] }),
      "keras_code",
    ],
    [
      "an operation of Python",
      old("Functional", { layers: [old("TFOpLambda", { function: "py_function" })] }),
      "keras_code",
    ],
    [
      "a loss that lies deep",
      { ...model(dense), compile_config: { loss: { a: [[fn("os", "system")]] } } },
      "keras_code",
    ],
  ])("with %s is found to run code", async (_, config, code) => {
    expect((await verdict(JSON.stringify(config), "config.json")).codes).toContain(code);
    // the name decides nothing
    expect((await verdict(JSON.stringify(config), "x")).codes).toContain(code);
  });

  it.each<[what: string, config: unknown]>([
    ["a class that is not Keras's", model(node("my_package.layers", "Attention"))],
    ["a class that only one module of Keras has", model(node("keras.layers", "Secret"))],
    ["a registered class", model(node(null, "Mine", {}, { registered_name: "pkg>Mine" }))],
    [
      "a known class that is registered as another",
      model(node("keras.layers", "Dense", {}, { registered_name: "pkg>Dense" })),
    ],
    ["a function that is not Keras's", activation(fn("my_package", "fn"))],
    ["a class of Keras that is not in its models", model(node("keras.utils", "FeatureSpace"))],
    ["a function without a module that is not Keras's", activation(fn("builtins", "my_fn"))],
    ["a class that is no name", model(node("keras.layers", 5))],
    ["a layer of another library of Keras", model(node("keras_hub.layers", "Dense"))],
    ["an unknown operation of TensorFlow", old("Functional", { layers: [old("TFOpLambda", { function: "foo.bar" })] })],
    [
      "a type of TensorFlow",
      model({ ...node("tensorflow", "__typespec__", [[1], "float32"]), spec_name: "TensorSpec" }),
    ],
  ])("with %s is unknown", async (_, config) => {
    expect((await verdict(JSON.stringify(config), "config.json")).codes).toEqual(["keras_custom"]);
  });

  it("is judged by each occurrence of a key, by what escapes stand for, and by nodes around the one that is inert", async () => {
    const twice = '{"module":"keras","class_name":"Lambda","class_name":"Dense","config":{}}';
    expect((await verdict(twice)).codes).toContain("keras_lambda");
    expect(
      (await verdict(twice.replace('"Lambda","class_name":"Dense"', '"Dense","class_name":"Lambda"'))).codes,
    ).toContain("keras_lambda");
    expect((await verdict('{"class_name":"\\u004cambda","config":{}}')).codes).toContain("keras_lambda");
    expect((await verdict('{"class\\u005fname":"Lambda","config":{}}')).codes).toContain("keras_lambda");
    const overridden = '{"class_name":"TFOpLambda","config":{"function":"io.write_file"},"z":{"function":"math.add"}}';
    expect((await verdict(overridden)).codes).toContain("keras_code");
    expect(
      (await verdict(`[${"[".repeat(400)}${JSON.stringify(model(marshalled))}${"]".repeat(400)}]`)).codes,
    ).toContain("keras_lambda");
  });

  it("is found line by line, and before numbers that only Python writes", async () => {
    expect((await verdict(`{"a":1}\n${JSON.stringify(model(marshalled))}\n`, "x.jsonl")).codes).toContain(
      "keras_lambda",
    );
    expect((await verdict(`{"a":NaN,"b":-Infinity,"c":${JSON.stringify(model(marshalled))}}`)).codes).toContain(
      "keras_lambda",
    );
  });

  it.each<[what: string, config: unknown]>([
    ["too many units", model(node("keras.layers", "Dense", { units: 20_000_000 }))],
    ["more filters than there are numbers", JSON.stringify(model(dense)).replace('"units":3', '"filters":1e999')],
    ["a wide layer behind a wide input", wide(300_000, node("keras.layers", "Dense", { units: 300_000 }))],
    ["two wide layers", model(old("Dense", { units: 200_000 }), dense, old("Dense", { units: 200_000 }))],
    ["a wide embedding", model(old("Embedding", { input_dim: 9_000_000, output_dim: 9_000 }))],
  ])("with %s is unknown: it takes all memory to be built", async (_, config) => {
    const text = typeof config === "string" ? config : JSON.stringify(config);
    expect((await verdict(text, "config.json")).codes).toEqual(["keras_custom"]);
  });

  it("with an embedding of many words, or of pictures, is inert", async () => {
    const words = model(old("Embedding", { input_dim: 250_000, output_dim: 1024 }), dense);
    for (const config of [words, wide(4096, dense)]) {
      expect((await verdict(JSON.stringify(config), "config.json")).codes).toEqual([]);
    }
  });
});

describe("HDF5", () => {
  it("costs few steps, however many configurations in it break off inside of each other", async () => {
    const scalar = JsonJudge.prototype.scalar;
    let calls = 0;
    JsonJudge.prototype.scalar = function (raw, key) {
      calls += 1;
      scalar.call(this, raw, key);
    };
    try {
      const data = join(SAMPLES.hdf5, '{"name":'.repeat(64), "[", "0,".repeat(100_000));
      expect((await verdict(data, "x.h5")).codes).toEqual(["opaque_format"]);
      expect(calls).toBeGreaterThan(100_000);
      expect(calls).toBeLessThan(250_000);
    } finally {
      JsonJudge.prototype.scalar = scalar;
    }
  });

  it("is judged behind beginnings of configurations that break off at once", async () => {
    const lambda = JSON.stringify(model(node("keras.layers", "Lambda", { function: "x" })));
    const data = join(SAMPLES.hdf5, '{"name" '.repeat(40), lambda, new Uint8Array(1024 * 1024));
    expect((await verdict(data, "x.h5")).codes).toContain("keras_lambda");
  });

  const config = JSON.stringify(model(old("Lambda")));
  it("is unknown whatever it is called", async () => {
    for (const name of ["model.h5", "model", "x.bin"]) {
      expect(await verdict(SAMPLES.hdf5, name)).toEqual({ kind: "hdf5", codes: ["opaque_format"] });
    }
  });

  it("with code in its configuration is found, also where the class is written with escapes", async () => {
    for (const text of [config, config.replace("Lambda", "\\u004cambda"), config.replaceAll(":", " :\n ")]) {
      expect((await verdict(join(SAMPLES.hdf5, text), "x.h5")).codes).toEqual(["opaque_format", "keras_lambda"]);
    }
    const getFile = JSON.stringify(activation(fn("keras.utils", "get_file")));
    expect((await verdict(join(SAMPLES.hdf5, getFile))).codes).toContain("keras_code");
  });

  it.each([512, 1024, 2048])("behind a user block of %i bytes is found under any name", async (length) => {
    const data = join(new Uint8Array(length).fill(0xc3), SAMPLES.hdf5, config);
    expect(await verdict(data, "weights.dat")).toEqual({ kind: "hdf5", codes: ["opaque_format", "keras_lambda"] });
    expect((await judge(data)).reads).toBeLessThan(8);
  });

  it("behind a longer user block has no format", async () => {
    const data = join(new Uint8Array(65_536).fill(0xc3), SAMPLES.hdf5, config);
    expect(await verdict(data, "weights.dat")).toEqual({ kind: undefined, codes: [] });
  });

  it("behind a picture is found where a loader of Keras could be given it", async () => {
    const { png } = SAMPLES;
    const end = png.subarray(-12);
    const data = join(png.subarray(0, -12), new Uint8Array(2048 - png.length + 12), SAMPLES.hdf5, end);
    expect(await verdict(data, "model")).toEqual({ kind: "png", codes: ["polyglot"] });
    const far = join(png.subarray(0, -12), new Uint8Array(65_536 - png.length + 12), SAMPLES.hdf5, end);
    expect(await verdict(far, "model")).toEqual({ kind: "png", codes: ["polyglot"] });
  });
});

describe("an archive of Keras", () => {
  it("is found by what is in it", async () => {
    const evil = JSON.stringify(model(node("keras.layers", "Lambda", { function: marshalledText })));
    const zip = makeZip([file("config.json", evil), file("metadata.json", "{}")]);
    expect((await judge(zip, "model.keras")).zips).toBe(1);
    expect((await found([file("model.keras", zip)])).verdict).toBe("unsafe");
  });
  const marshalledText = { class_name: "__lambda__", config: { code: "4wEA" } };
});
