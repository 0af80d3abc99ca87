import type { Note } from "./format.ts";
export function checkName(_name: string, _kind: string | undefined, _note: Note): void {}
