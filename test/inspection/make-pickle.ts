/** Makes pickles opcode by opcode; shares nothing with the sources. */

import { bytesOf, join, type Made, makeZip, u16, u32 } from "../zip/make-zip.ts";

export const proto = (version: number) => Uint8Array.of(0x80, version);
export const op = (...codes: (number | string)[]) =>
  Uint8Array.from(codes, (code) => (typeof code === "string" ? code.charCodeAt(0) : code));
/** GLOBAL, by name in two lines. */
export const imported = (module: string, name: string) => bytesOf(`c${module}\n${name}\n`);
/** SHORT_BINUNICODE. */
export const text = (value: string) => join(op(0x8c, bytesOf(value).length), value);
/** BINUNICODE. */
export const longText = (value: string) => join("X", u32(bytesOf(value).length), value);
export const STACK_GLOBAL = op(0x93);
export const MEMOIZE = op(0x94);
export const REDUCE = op("R");
export const EMPTY_TUPLE = op(")");
export const STOP = op(".");

/** What torch.save writes for one tensor, in the part that is pickled. */
export const torchPickle = join(
  ...[proto(2), "ccollections\nOrderedDict\n", op("q", 0), ")Rq\x01(", longText("weight"), op("q", 2)],
  ...[imported("torch._utils", "_rebuild_tensor_v2"), op("q", 3), "((", longText("storage"), op("q", 4)],
  ...[imported("torch", "FloatStorage"), op("q", 5), longText("0"), op("q", 6), longText("cpu"), op("q", 7)],
  ...[op("K", 4, "t", "q", 8, "Q", "K", 0, "K", 2, "K", 2, 0x86, "q", 9, "K", 2, "K", 1, 0x86, "q", 10, 0x89)],
  ...[imported("collections", "OrderedDict"), op(")", "R", "q", 11, "t", "q", 12, "R", "q", 13, "u", ".")],
);

/** The archive that torch.save writes around it: the bytes of the storage stand where they are aligned. */
export const torchZip = (pickle: Uint8Array, more: readonly Made[] = []): Uint8Array<ArrayBuffer> =>
  makeZip([
    { name: "archive/data.pkl", data: pickle, descriptor: "signed" },
    { name: "archive/byteorder", data: "little", descriptor: "signed" },
    {
      name: "archive/data/0",
      data: new Uint8Array(16),
      local: { extra: join(u16(0x4246), u16(20), new Uint8Array(20)) },
    },
    { name: "archive/version", data: "3\n", descriptor: "signed" },
    { name: "archive/.data/serialization_id", data: "0636457737946401051300000025273995036293", descriptor: "signed" },
    ...more,
  ]);

/** The same in torch's format before 1.6: magic, protocol, system, object, keys, then raw bytes. */
export const torchLegacy = join(
  ...[proto(2), op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, ".")],
  ...[proto(2), op("M", 0xe9, 3, "."), proto(2), op("}", "q", 0, "."), torchPickle, proto(2), op("]", "q", 0, ".")],
  Uint8Array.from({ length: 300 }, (_, index) => index % 256),
);

const decode = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** What Python's own pickle.dumps makes of an object that calls os.system, by protocol. */
export const systemByProtocol: readonly Uint8Array[] = [
  "Y3Bvc2l4CnN5c3RlbQpwMAooVnRydWUKcDEKdHAyClJwMwou",
  "Y3Bvc2l4CnN5c3RlbQpxAChYBAAAAHRydWVxAXRxAlJxAy4=",
  "gAJjcG9zaXgKc3lzdGVtCnEAWAQAAAB0cnVlcQGFcQJScQMu",
  "gANjcG9zaXgKc3lzdGVtCnEAWAQAAAB0cnVlcQGFcQJScQMu",
  "gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu",
  "gAWVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu",
].map(decode);

/** The same of an OrderedDict of numbers, texts, sets, bytes and a long. */
export const harmlessByProtocol: readonly Uint8Array[] = [
  "Y2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnAwCih0UnAxClZhCnAyCkkxCnNWYgpwMwoobHA0CkYxLjUKYVZ4CnA1CmFOYUkwMQphY19fYnVpbHRpbl9fCnNldApwNgooKGxwNwpJMQphSTIKYXRwOApScDkKYWNfX2J1aWx0aW5fXwpmcm96ZW5zZXQKcDEwCigobHAxMQpJMwphdHAxMgpScDEzCmFjX2NvZGVjcwplbmNvZGUKcDE0CihWYnl0ZXMKcDE1ClZsYXRpbjEKcDE2CnRwMTcKUnAxOAphY19fYnVpbHRpbl9fCmJ5dGVhcnJheQpwMTkKKGcxNAooVmJhCnAyMApnMTYKdHAyMQpScDIyCnRwMjMKUnAyNAphTDExODA1OTE2MjA3MTc0MTEzMDM0MjRMCmEoSTEKSTIKSTMKSTQKdHAyNQphVvwKcDI2CmFzLg==",
  "Y2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEAKVJxAShYAQAAAGFxAksBWAEAAABicQNdcQQoRz/4AAAAAAAAWAEAAAB4cQVOSTAxCmNfX2J1aWx0aW5fXwpzZXQKcQYoXXEHKEsBSwJldHEIUnEJY19fYnVpbHRpbl9fCmZyb3plbnNldApxCihdcQtLA2F0cQxScQ1jX2NvZGVjcwplbmNvZGUKcQ4oWAUAAABieXRlc3EPWAYAAABsYXRpbjFxEHRxEVJxEmNfX2J1aWx0aW5fXwpieXRlYXJyYXkKcRMoaA4oWAIAAABiYXEUaBB0cRVScRZ0cRdScRhMMTE4MDU5MTYyMDcxNzQxMTMwMzQyNEwKKEsBSwJLA0sEdHEZWAIAAADDvHEaZXUu",
  "gAJjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBKFgBAAAAYXECSwFYAQAAAGJxA11xBChHP/gAAAAAAABYAQAAAHhxBU6IY19fYnVpbHRpbl9fCnNldApxBl1xByhLAUsCZYVxCFJxCWNfX2J1aWx0aW5fXwpmcm96ZW5zZXQKcQpdcQtLA2GFcQxScQ1jX2NvZGVjcwplbmNvZGUKcQ5YBQAAAGJ5dGVzcQ9YBgAAAGxhdGluMXEQhnERUnESY19fYnVpbHRpbl9fCmJ5dGVhcnJheQpxE2gOWAIAAABiYXEUaBCGcRVScRaFcRdScRiKCQAAAAAAAAAAQChLAUsCSwNLBHRxGVgCAAAAw7xxGmV1Lg==",
  "gANjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQApUnEBKFgBAAAAYXECSwFYAQAAAGJxA11xBChHP/gAAAAAAABYAQAAAHhxBU6IY2J1aWx0aW5zCnNldApxBl1xByhLAUsCZYVxCFJxCWNidWlsdGlucwpmcm96ZW5zZXQKcQpdcQtLA2GFcQxScQ1DBWJ5dGVzcQ5jYnVpbHRpbnMKYnl0ZWFycmF5CnEPQwJiYXEQhXERUnESigkAAAAAAAAAAEAoSwFLAksDSwR0cRNYAgAAAMO8cRRldS4=",
  "gASVkwAAAAAAAACMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQojAFhlEsBjAFilF2UKEc/+AAAAAAAAIwBeJROiI+UKEsBSwKQKEsDkZRDBWJ5dGVzlIwIYnVpbHRpbnOUjAlieXRlYXJyYXmUk5RDAmJhlIWUUpSKCQAAAAAAAAAAQChLAUsCSwNLBHSUjALDvJRldS4=",
  "gAWVfQAAAAAAAACMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQojAFhlEsBjAFilF2UKEc/+AAAAAAAAIwBeJROiI+UKEsBSwKQKEsDkZRDBWJ5dGVzlJYCAAAAAAAAAGJhlIoJAAAAAAAAAABAKEsBSwJLA0sEdJSMAsO8lGV1Lg==",
].map(decode);
