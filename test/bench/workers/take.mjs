/**
 * The floor of an upload in parts: each part is handed to the bucket untouched; then all of it is read back into one digest.
 */
export default {
  async fetch(request, env) {
    const [, what, id, number] = new URL(request.url).pathname.split("/");
    const key = "floor";
    if (what === "start") return Response.json({ upload: (await env.BUCKET.createMultipartUpload(key)).uploadId });
    const upload = env.BUCKET.resumeMultipartUpload(key, id);
    if (what === "part") return Response.json(await upload.uploadPart(Number(number), request.body));
    const { parts } = await request.json();
    await upload.complete(parts);
    const digest = new crypto.DigestStream("SHA-256");
    const { body } = await env.BUCKET.get(key);
    await body.pipeTo(digest);
    await digest.digest;
    await env.BUCKET.delete(key);
    return Response.json({ parts: parts.length });
  },
};
