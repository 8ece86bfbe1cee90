import assert from "node:assert/strict";
import { test } from "node:test";

import { splitList } from "../../../static/js/lib/suggestions.js";

test("what stands before the last comma is finished", () => {
  assert.deepEqual(splitList("tcp/23,udp/53 , tc"), ["tcp/23,udp/53, ", "tc"]);
  assert.deepEqual(splitList("tc"), ["", "tc"]);
  assert.deepEqual(splitList("tcp/23,"), ["tcp/23, ", ""]);
  assert.deepEqual(splitList(""), ["", ""]);
});
