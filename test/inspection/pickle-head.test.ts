/** Pickles that nothing calls so, and texts that begin like one. */

import { describe, expect, it } from "vitest";
import { inspectZip } from "../../src/inspection/inspect.ts";
import { bytesOf, deflated, join, makeZip, readerOf, u32 } from "../zip/make-zip.ts";
import { SAMPLES } from "./formats/samples.ts";
import { file, found, SAFE } from "./inspecting.ts";
import {
  harmlessByProtocol,
  imported,
  longText,
  MEMOIZE,
  op,
  proto,
  REDUCE,
  STACK_GLOBAL,
  STOP,
  systemByProtocol,
  text,
} from "./make-pickle.ts";

const UNSAFE = { verdict: "unsafe", codes: ["pickle_import"] };
const NAMES = ["model.sav", "weights.dat", "x.data", "model", "notes.txt"];

describe("a pickle under any name", () => {
  it.each(NAMES)("is found by what it does: %s", async (name) => {
    for (const [protocol, pickle] of systemByProtocol.entries()) {
      expect(await found([file(name, pickle)]), `protocol ${protocol}`).toEqual(UNSAFE);
      expect(await found([await deflated(name, pickle)]), `protocol ${protocol}, deflated`).toEqual(UNSAFE);
    }
    for (const pickle of harmlessByProtocol) expect(await found([file(name, pickle)])).toEqual(SAFE);
  });

  const call = join(op("("), text("true"), op("t"), REDUCE);
  it.each<[how: string, pickle: Uint8Array]>([
    ["behind its protocol, with nothing", join(proto(4), op("N0"), text("posix"), text("system"), STACK_GLOBAL, call)],
    ["of protocol 0, written with a protocol", join(proto(0), imported("posix", "system"), call, STOP)],
    ["with a list", join("]0", imported("posix", "system"), call, STOP)],
    ["with numbers", join("I1\n0I 0x1F \n0L12L\n0F1e5\n0Finf\n0", imported("posix", "system"), call, STOP)],
    ["with texts", join("S'a' \n0Va b c\n0", imported("posix", "system"), call, STOP)],
    ["with a text that is longer than what is read", join(longText("x".repeat(999)), "0cposix\nsystem\n", call)],
    ["with a line that is longer than what is read", join("V", "x".repeat(999), "\n0cposix\nsystem\n", call)],
    ["with bytes that are stepped over", join("B", u32(70_000), new Uint8Array(70_000), "0cposix\nsystem\n", call)],
    ["with a memo", join("Vposix\n", MEMOIZE, "0Vsystem\n", MEMOIZE, "0h\0h\x01", STACK_GLOBAL, call, STOP)],
    ["with odd numbers of its memo", bytesOf("cposix\nsystem\np+2\n0g 2\n)R")],
    ["with a number that ends at a NUL", join("I\0a", op(0xe6), "\n0cposix\nsystem\n)R")],
    ["as a class whose last line does not end", bytesOf("(Niposix\nsystem\x1f")],
    ["as a class that it makes", join("(S'true'\niposix\nsystem\n", STOP)],
    ["as an object", join("(", imported("posix", "system"), "S'true'\no", STOP)],
  ])("and without a usual beginning: %s", async (_, pickle) => {
    for (const name of ["weights", "weights.dat"]) expect((await found([file(name, pickle)])).verdict).toBe("unsafe");
  });

  it("that imports and does no more is unsafe if it is the whole file", async () => {
    expect(await found([file("weights", join(imported("os", "system"), STOP))])).toEqual(UNSAFE);
  });

  it("that hides how it names things is unsafe once it calls them", async () => {
    const odd = join(longText("os"), "p1\n0", longText("system"), "p1_0\n0", "g1\ng10\n", STACK_GLOBAL, call, STOP);
    expect(await found([file("weights.sav", odd)])).toMatchObject({ verdict: "unsafe" });
    const escaped = join("Vo\\u0073\nVsystem\n", STACK_GLOBAL, call, STOP);
    expect(await found([file("weights", escaped)])).toMatchObject({ verdict: "unsafe" });
  });

  it("that breaks off behind its call has run it, and one that is too long to be walked is unknown", async () => {
    const broken = join(imported("collections", "OrderedDict"), op(")"), REDUCE, op(0xff));
    expect(await found([file("weights", broken)])).toEqual({ verdict: "unknown", codes: ["pickle_malformed"] });
    const long = join("N0".repeat(1_000_001), imported("posix", "system"), call, STOP);
    expect(await found([file("weights", long)])).toEqual({ verdict: "unknown", codes: ["bound_reached"] });
  });
});

const TEXTS: [name: string, text: string | Uint8Array][] = [
  [".gitignore", "coverage\ndist\n.env\n"],
  ["labels.txt", "cat\ndog\nbird\n"],
  ["classes.txt", "classes\nlabels\nNone of them\n"],
  ["cities.csv", "city,state\nBonn,NW\n"],
  ["ids.csv", "id,name\n1,a\n"],
  ["mushrooms.data", "p,x,s,n,t,p,f,c,n,k,e,e,s,s,w,w,p,w,o,p,k,s,u\n"],
  ["LICENSE", "(c) 2024 Acme\n\nPermission is granted.\n"],
  ["NOTICE", "(in short)\nnothing\n"],
  ["Setup", "Install it.\nThen use it.\n"],
  ["poem", "In the beginning\nthere was no number.\n"],
  ["versions", "Version 1.0\nVersion 1.1\n"],
  [
    "Users",
    "User names, and nothing else but user names, one a line, of all those that came and went since. ".repeat(9),
  ],
  ["song.mp3", SAMPLES.mp3],
  ["data.parquet", SAMPLES.parquet],
];

describe("a text that begins like a pickle", () => {
  it.each(TEXTS)("is none: %s", async (name, content) => {
    expect(await found([file(name, content)])).toEqual(SAFE);
    expect(await found([await deflated(name, content)])).toEqual(SAFE);
  });

  it("is seen to be none by its first bytes, without a read of its own", async () => {
    const texts = TEXTS.filter(([, content]) => typeof content === "string");
    const zip = makeZip(texts.map(([name, content]) => file(name, join(content, "\n".repeat(300_000)))));
    let bytes = 0;
    const counted: ReturnType<typeof readerOf> = (range) => {
      bytes += range.length;
      return readerOf(zip)(range);
    };
    expect((await inspectZip(counted, zip.length)).verdict).toBe("safe");
    // each text is read to tell that it is one, and to look through it
    expect(bytes).toBeLessThan(zip.length * 2.5);
  });

  it("is unknown if no format has it, as tables of SPSS, which have the name of a pickle", async () => {
    const unrecognised = { verdict: "unknown", codes: ["unrecognised"] };
    expect(await found([file("survey.sav", join("$FL2@(#) SPSS", new Uint8Array(900)))])).toEqual(unrecognised);
    expect(await found([file("model.sav", join(op("x", 0x9c), " compressed by joblib"))])).toEqual(unrecognised);
  });
});
