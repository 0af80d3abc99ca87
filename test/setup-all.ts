/** Every test is silent, and reaches nothing but the stand-in hub. */

import { afterEach, beforeEach, vi } from "vitest";
import { watchOutbound } from "./lib/outbound.ts";

// The log of the code under test is not the log of the tests; a test that is about it replaces the spy.
beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
watchOutbound();
afterEach(() => {
  vi.restoreAllMocks();
});
