import assert from "node:assert/strict";
import { test } from "node:test";

import { placed } from "../../../static/js/lib/overlays.js";

const days = ["2023-01-01", "2023-01-02", "2023-01-03", "2023-01-04"];

test("a window covers the bins from its first to its last day", () => {
  const [window] = placed([{ from: "2023-01-02", to: "2023-01-03", mean: 4 }], days);
  assert.deepEqual([window.first, window.last, window.mean], [1, 2, 4]);
});

test("a window that begins earlier is cut, one that lies outside is left out", () => {
  const windows = [{ from: "2022-12-25", to: "2023-01-01" }, { from: "2022-12-01", to: "2022-12-10" }, { from: "2023-02-01", to: "2023-02-02" }];
  assert.deepEqual(placed(windows, days).map(({ first, last }) => [first, last]), [[0, 0]]);
});
