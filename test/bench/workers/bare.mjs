/** The bare RPC: what one call over a service binding costs on this platform with nothing done. */

import { WorkerEntrypoint } from "cloudflare:workers";

export class Bare extends WorkerEntrypoint {
  get({ type, id }) {
    return {
      metadata: { name: "nothing", id, type },
      data: { url: "https://huggingface.co/nobody/nothing" },
      etag: '"0-0"',
    };
  }
}

export default {
  fetch() {
    return new Response(null, { status: 404 });
  },
};
