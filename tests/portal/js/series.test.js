import assert from "node:assert/strict";
import { test } from "node:test";

import { dashOf, formatNumber, heightOf, isAlone, linkInSpan, logTicks, panelsOf, placeOf, roundUp, shortened, wrapText } from "../../../static/js/lib/series.js";

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

test("a day lies in the last bin that begins no later", () => {
  const weeks = ["2023-01-02", "2023-01-09", "2023-01-16"];
  assert.deepEqual(["2023-01-01", "2023-01-02", "2023-01-12", "2023-02-01"].map((day) => placeOf(weeks, day)), [-1, 0, 1, 2]);
  assert.equal(placeOf(["2023-01-01 00:00", "2023-01-01 01:00"], "2023-01-01"), 0);
});

test("small multiples share the largest value, and each has its own curves and windows", () => {
  const series = (values, panel) => ({ values, ...(panel === undefined ? {} : { panel }) });
  const data = { panels: ["a", "b"], series: [series([1, null]), series([2, 9]), series([4, 4], 0)], windows: [{ panel: 1 }, {}] };
  const [a, b] = panelsOf(data);
  assert.deepEqual([a.most, b.most], [9, 9]);
  assert.deepEqual([a.series.length, b.series.length], [2, 1]);
  assert.deepEqual([a.windows.length, b.windows.length], [1, 2]);
});

test("an axis ends at a round number no smaller than the largest value", () => {
  assert.deepEqual([0, 1, 9, 11, 2100].map(roundUp), [1, 1, 10, 15, 3000]);
});

test("a long name is cut to whole letters", () => {
  assert.deepEqual(["ISP A", "サンプル通信株式会社"].map((name) => shortened(name, 6)), ["ISP A", "サンプル通…"]);
});
