/** The raw Worker: what one HTTP request costs on this platform with nothing done. Answers as long as GET /tracks does. */

export default {
  fetch() {
    return Response.json({ plannedTracks: ["Performance track", "High assurance track"] });
  },
};
