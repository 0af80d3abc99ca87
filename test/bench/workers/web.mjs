/** The outside world as the product sees it here: every host answers HEAD at once, so that no upstream is in a figure. */

export default {
  fetch() {
    return new Response(null, { headers: { "Content-Type": "application/octet-stream", ETag: '"bench"' } });
  },
};
