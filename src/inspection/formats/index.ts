import type { ArchiveFormat, Format } from "../format.ts";
export const FORMATS: readonly Format[] = [];
export const ARCHIVE_FORMATS: readonly ArchiveFormat[] = [];
