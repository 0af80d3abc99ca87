/**
 * The floor of a mirror: ranges of one URL, each handed to the bucket as a part, untouched; then all of it is read back into
 * one digest.
 */
export default {
  async fetch(request, env) {
    const { url, size, part } = await request.json();
    const upload = await env.BUCKET.createMultipartUpload("floor");
    const parts = [];
    for (let from = 0; from < size; from += part) {
      const to = Math.min(from + part, size) - 1;
      const { body } = await fetch(url, { headers: { range: `bytes=${from}-${to}` } });
      parts.push(await upload.uploadPart(parts.length + 1, body));
    }
    await upload.complete(parts);
    const digest = new crypto.DigestStream("SHA-256");
    const { body } = await env.BUCKET.get("floor");
    await body.pipeTo(digest);
    await digest.digest;
    await env.BUCKET.delete("floor");
    return Response.json({ parts: parts.length });
  },
};
