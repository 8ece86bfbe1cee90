// A change as bars that begin where the one before ends (data of apps/portal/splits.py).
import { formatNumber, wrapText } from "./series.js";

const root = document.documentElement;

function css(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

// Labels take a third of the canvas at most.
function wrapped(canvas, labels) {
  const pen = canvas.getContext("2d");
  pen.font = `12px ${window.Chart.defaults.font.family}`;
  return labels.map((label) => wrapText(label, canvas.parentElement.clientWidth / 3, (part) => pen.measureText(part).width));
}

// Draw on a canvas; follows the theme.
export function drawWaterfall(canvas, data) {
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const chart = new window.Chart(canvas, {
    type: "bar",
    data: { labels: wrapped(canvas, data.labels), datasets: [{ data: data.spans, minBarLength: 1, borderWidth: 0, categoryPercentage: 0.7 }] },
    options: {
      indexAxis: "y",
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      scales: {
        x: { beginAtZero: true, grid: {}, ticks: { callback: (value) => formatNumber(value, root.lang), maxTicksLimit: 7 } },
        y: { grid: { display: false }, ticks: {} },
      },
      plugins: {
        legend: { display: false },
        tooltip: { displayColors: false, callbacks: { label: (item) => data.texts[item.dataIndex] } },
      },
    },
  });
  const follow = () => {
    chart.data.datasets[0].backgroundColor = data.hues.map((hue) => css(`--series-${hue}`));
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = css("--chart-text");
      axis.grid.color = css("--chart-grid");
    }
    chart.update("none");
  };
  follow();
  document.addEventListener("themechange", follow);
}
