/** Statements on the parts of an upload that the object store has confirmed: what it takes to complete it, or to go on. */

import type { Database } from "../config.ts";

/** One part as the object store has it. `number` from 1 on, `size` in bytes. */
export interface UploadPart {
  number: number;
  etag: string;
  size: number;
}

/** Writes a part down, in place of an earlier one of its number. Returns a row unless the upload has ended meanwhile. */
export function writePart(db: Database, uploadId: number, part: UploadPart): D1PreparedStatement {
  return db
    .prepare(
      `INSERT OR REPLACE INTO upload_parts (upload_id, number, etag, size)
       SELECT id, ?2, ?3, ?4 FROM uploads WHERE id = ?1 AND multipart_id IS NOT NULL
       RETURNING number`,
    )
    .bind(uploadId, part.number, part.etag, part.size);
}

/** The parts of an upload, in their order. Returns `UploadPart`. */
export function selectParts(db: Database, uploadId: number): D1PreparedStatement {
  return db.prepare("SELECT number, etag, size FROM upload_parts WHERE upload_id = ?1 ORDER BY number").bind(uploadId);
}
