// The one file that knows Chart.js (window.Chart, a classic script; see docs/subsystems/assets.md).
import { overlays } from "./overlays.js";
import { dashOf, formatNumber, heightOf, isAlone, linkInSpan, logTicks, panelsOf, roundUp, shortened } from "./series.js";

const Chart = window.Chart;
const root = document.documentElement;

function css(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

// Hatched or dotted areas, so that two series of one hue differ in bars as their lines do by dashes.
function filling(series) {
  const colour = css(`--series-${series.hue}`);
  if (!series.pattern) return colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour;
  pen.globalAlpha = 0.45;
  pen.fillRect(0, 0, 6, 6);
  pen.globalAlpha = 1;
  if (series.pattern === 1) pen.fillRect(0, 0, 6, 3);
  else pen.fillRect(1, 1, 3, 3);
  return pen.createPattern(tile, "repeat");
}

const WIDTHS = { mean: 3, previous: 1.25, raw: 1, alone: 2 };

function lineSet(series, isLog, hasMeans) {
  const colour = css(`--series-${series.hue}`);
  return {
    label: series.label,
    data: isLog ? series.values.map(heightOf) : series.values,
    borderColor: colour,
    backgroundColor: colour,
    borderDash: dashOf(series.pattern),
    borderWidth: WIDTHS[series.role ?? (hasMeans ? "raw" : "alone")],
    pointRadius: (context) => (isAlone(series.values, context.dataIndex) ? 2.5 : 0),
    pointHoverRadius: 4,
    spanGaps: false, // a gap is no data, never a line across it
    tension: 0,
  };
}

function barSet(series) {
  return { label: series.label, data: series.values, backgroundColor: filling(series), borderWidth: 0, barPercentage: 1, categoryPercentage: 0.9 };
}

const BARS = ["bar", "stacked", "share", "ranking"];

function datasets(data) {
  if (BARS.includes(data.kind)) return data.series.map(barSet);
  const hasMeans = data.series.some((series) => series.role === "mean");
  return data.series.map((series) => lineSet(series, data.scale === "log", hasMeans));
}

function colours(chart) {
  const text = css("--chart-text");
  const grid = css("--chart-grid");
  for (const axis of Object.values(chart.options.scales)) {
    axis.ticks.color = text;
    axis.grid.color = grid;
    axis.title.color = text;
  }
}

// Heights are worked out here rather than by Chart.js's own logarithmic axis, which leaves out zeros as if they were gaps.
function logarithmic(data, language) {
  const most = Math.max(1, data.most ?? 0, ...data.series.flatMap((series) => series.values));
  const ticks = logTicks(most);
  return {
    min: 0,
    max: heightOf(1.1 * most),
    afterBuildTicks: (axis) => {
      axis.ticks = ticks.map((value) => ({ value: heightOf(value) }));
    },
    ticks: { callback: (_height, index) => formatNumber(ticks[index], language), autoSkip: false },
  };
}

function linear(data, language) {
  const end = data.kind === "share" ? 100 : data.most === undefined ? undefined : roundUp(data.most);
  const step = data.panels ? { stepSize: end / 2 } : { maxTicksLimit: 7 };
  return { beginAtZero: true, max: end, ticks: { callback: (value) => formatNumber(value, language), ...step } };
}

// A bar for each name, one below the other: names are too long to stand side by side.
function rankingScales(data, language) {
  const name = (chart, index) => shortened(data.labels[index], Math.max(10, Math.floor(chart.width / 20)));
  return {
    x: { ...linear(data, language), grid: {}, title: { display: false } },
    y: {
      ticks: { autoSkip: false, callback: function (_value, index) { return name(this.chart, index); } },
      grid: { display: false },
      title: { display: false },
    },
  };
}

function scales(data, language) {
  if (data.kind === "ranking") return rankingScales(data, language);
  const stacked = data.kind === "stacked" || data.kind === "share";
  return {
    x: {
      stacked,
      ticks: { autoSkip: true, autoSkipPadding: 18, maxRotation: 0 },
      grid: { display: false },
      title: { display: false },
    },
    y: {
      stacked,
      ...(data.scale === "log" ? logarithmic(data, language) : linear(data, language)),
      grid: {},
      title: { display: false },
    },
  };
}

function options(data, { noData, onPick }) {
  const language = root.lang;
  const isRanking = data.kind === "ranking";
  return {
    animation: false,
    indexAxis: isRanking ? "y" : "x",
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false, axis: isRanking ? "y" : "x" },
    layout: { padding: { top: data.annotations?.length ? 16 : 0 } },
    scales: scales(data, language),
    plugins: {
      legend: { display: false }, // the page has its own, with links and totals
      tooltip: {
        itemSort: (one, other) => other.parsed.y - one.parsed.y,
        callbacks: {
          label: (item) => {
            const value = data.series[item.datasetIndex].values[item.dataIndex];
            return `${item.dataset.label}: ${value === null ? noData : formatNumber(value, language)}`;
          },
        },
      },
    },
    onClick: (event, _active, chart) => {
      const [nearest] = chart.getElementsAtEventForMode(event, "nearest", { intersect: false, axis: isRanking ? "y" : "xy" }, true);
      if (!nearest) return;
      const link = data.links?.[nearest.index] || linkInSpan(data.series[nearest.datasetIndex].url, data.spans[nearest.index]);
      if (link) onPick(link);
    },
  };
}

function drawChart(canvas, data, { noData, onPick }) {
  const chart = new Chart(canvas, {
    type: BARS.includes(data.kind) ? "bar" : "line",
    data: { labels: data.labels, datasets: datasets(data) },
    options: options(data, { noData, onPick }),
    plugins: [overlays(data, data.scale === "log" ? heightOf : (value) => value)],
  });
  const follow = () => {
    chart.data.datasets = datasets(data);
    colours(chart);
    chart.update("none");
  };
  follow();
  document.addEventListener("themechange", follow);
}

// Draw `data` of a figure (docs/how-to/add-a-chart.md) on the canvases inside `area`, one, or one for each of its panels.
// Follows the theme.
export function drawFigure(area, data, { noData, onPick }) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const canvases = [...area.querySelectorAll("canvas")];
  const parts = data.panels ? panelsOf(data) : [data];
  canvases.forEach((canvas, index) => drawChart(canvas, parts[index], { noData, onPick }));
}
