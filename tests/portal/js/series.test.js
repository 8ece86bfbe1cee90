import assert from "node:assert/strict";
import { test } from "node:test";

import { dashOf, formatNumber, heightOf, isAlone, linkInSpan, logTicks, wrapText } from "../../../static/js/lib/series.js";

test("a value between two gaps stands alone", () => {
  const values = [null, 3, null, 4, 5, null];
  assert.deepEqual(values.map((_value, index) => isAlone(values, index)), [false, true, false, false, false, false]);
});

test("a series of one value stands alone", () => {
  assert.equal(isAlone([7], 0), true);
});

test("the link of a bin replaces the period and keeps the filters", () => {
  const link = linkInSpan("/sources/?period=30d&ports=tcp/23", { from: "2013-03-04", to: "2013-03-05" });
  assert.equal(link, "/sources/?ports=tcp%2F23&from=2013-03-04&to=2013-03-05");
});

test("a series without sources behind it has no link", () => {
  assert.equal(linkInSpan("", { from: "2013-03-04", to: "2013-03-05" }), "");
});

test("numbers are written as on the page", () => {
  assert.deepEqual([1811, 404, 4.4839, 1234.5].map((value) => formatNumber(value, "en")), ["1,811", "404", "4.48", "1,235"]);
});

test("words wrap at spaces and Japanese anywhere", () => {
  const measure = (text) => text.length;
  assert.deepEqual(wrapText("one two three", 7, measure), ["one two", "three"]);
  assert.deepEqual(wrapText("宛先ポート番号", 3, measure), ["宛先ポ", "ート番", "号"]);
  assert.deepEqual(wrapText("", 3, measure), []);
});

test("on a logarithmic axis zero lies at the bottom and a gap stays a gap", () => {
  assert.deepEqual([0, 9, 99, null].map(heightOf), [0, 1, 2, null]);
});

test("the ticks of a logarithmic axis are zero and round numbers up to the largest value", () => {
  assert.deepEqual(logTicks(11116), [0, 1, 10, 100, 1000, 10000]);
  assert.deepEqual(logTicks(20), [0, 1, 3, 10]);
  assert.deepEqual(logTicks(0), [0, 1]);
});

test("patterns differ, and unknown ones are solid", () => {
  assert.notDeepEqual(dashOf(1), dashOf(2));
  assert.deepEqual(dashOf(9), []);
});
