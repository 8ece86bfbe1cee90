// The one file that knows Chart.js (window.Chart, a classic script; see docs/subsystems/assets.md).
import { dashOf, formatNumber, heightOf, isAlone, linkInSpan, logTicks } from "./series.js";

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

function lineSet(series, isLog) {
  const colour = css(`--series-${series.hue}`);
  return {
    label: series.label,
    data: isLog ? series.values.map(heightOf) : series.values,
    borderColor: colour,
    backgroundColor: colour,
    borderDash: dashOf(series.pattern),
    borderWidth: series.key === "previous" ? 1.25 : 2,
    pointRadius: (context) => (isAlone(series.values, context.dataIndex) ? 2.5 : 0),
    pointHoverRadius: 4,
    spanGaps: false, // a gap is no data, never a line across it
    tension: 0,
  };
}

function barSet(series) {
  return { label: series.label, data: series.values, backgroundColor: filling(series), borderWidth: 0, barPercentage: 1, categoryPercentage: 0.9 };
}

function datasets(data) {
  return data.series.map((series) => (data.kind === "line" ? lineSet(series, data.scale === "log") : barSet(series)));
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
  const most = Math.max(1, ...data.series.flatMap((series) => series.values));
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

function linear(language) {
  return { beginAtZero: true, ticks: { callback: (value) => formatNumber(value, language), maxTicksLimit: 7 } };
}

function options(data, { noData, onPick }) {
  const language = root.lang;
  const stacked = data.kind === "stacked";
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: {
        stacked,
        ticks: { autoSkip: true, autoSkipPadding: 18, maxRotation: 0 },
        grid: { display: false },
        title: { display: false },
      },
      y: {
        stacked,
        ...(data.scale === "log" ? logarithmic(data, language) : linear(language)),
        grid: {},
        title: { display: false },
      },
    },
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
      const [nearest] = chart.getElementsAtEventForMode(event, "nearest", { intersect: false }, true);
      if (!nearest) return;
      const link = linkInSpan(data.series[nearest.datasetIndex].url, data.spans[nearest.index]);
      if (link) onPick(link);
    },
  };
}

// Draw `data` of a figure (docs/how-to/add-a-chart.md) on a canvas. Follows the theme. Returns what a caller may need.
export function drawFigure(canvas, data, { noData, onPick }) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const chart = new Chart(canvas, {
    type: data.kind === "line" ? "line" : "bar",
    data: { labels: data.labels, datasets: datasets(data) },
    options: options(data, { noData, onPick }),
  });
  const follow = () => {
    chart.data.datasets = datasets(data);
    colours(chart);
    chart.update("none");
  };
  follow();
  document.addEventListener("themechange", follow);
  return { canvas, data };
}
