// What lies over curves: spans of days with their means, and remarks on days. Draws on any chart with scales x and y.
import { placeOf } from "./series.js";

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Each window [from, to] as places on the axis of labels; one that ends before the chart begins is left out.
export function placed(windows, labels) {
  return windows
    .map((window) => ({ ...window, first: placeOf(labels, window.from), last: placeOf(labels, window.to) }))
    .filter((window) => window.last >= 0 && window.from <= labels.at(-1))
    .map((window) => ({ ...window, first: Math.max(window.first, 0) }));
}

// Labels of bands too narrow for them stand below each other.
function band(pen, { chartArea, scales }, { first, last, label }, order) {
  const half = (scales.x.getPixelForValue(1) - scales.x.getPixelForValue(0)) / 2 || 0;
  const left = Math.max(scales.x.getPixelForValue(first) - half, chartArea.left);
  const right = Math.min(scales.x.getPixelForValue(last) + half, chartArea.right);
  pen.globalAlpha = 0.14;
  pen.fillStyle = css("--chart-text");
  pen.fillRect(left, chartArea.top, right - left, chartArea.bottom - chartArea.top);
  pen.globalAlpha = 1;
  pen.textAlign = "left";
  const row = pen.measureText(label).width + 6 > right - left ? order : 0;
  pen.fillText(label, left + 3, chartArea.top + 11 + 13 * row);
}

function meanLine(pen, { scales }, { first, last, hue }, height) {
  pen.strokeStyle = css(`--series-${hue}`);
  pen.lineWidth = 4;
  pen.beginPath();
  pen.moveTo(scales.x.getPixelForValue(first), scales.y.getPixelForValue(height));
  pen.lineTo(scales.x.getPixelForValue(last), scales.y.getPixelForValue(height));
  pen.stroke();
}

function mark(pen, { chartArea, scales }, place, label) {
  const x = scales.x.getPixelForValue(place);
  pen.strokeStyle = css("--chart-ink");
  pen.lineWidth = 1;
  pen.setLineDash([3, 3]);
  pen.beginPath();
  pen.moveTo(x, chartArea.top);
  pen.lineTo(x, chartArea.bottom);
  pen.stroke();
  pen.setLineDash([]);
  pen.textAlign = "center";
  pen.fillText(label, x, chartArea.top - 4);
}

// A plugin of Chart.js for one chart: `windows` and `annotations` as in docs/how-to/add-a-chart.md, `heightOf` puts a
// value on the axis.
export function overlays({ labels, windows = [], annotations = [] }, heightOf) {
  const spans = placed(windows, labels);
  return {
    id: "overlays",
    beforeDatasetsDraw({ ctx, ...chart }) {
      ctx.save();
      ctx.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      ctx.fillStyle = css("--chart-ink");
      const once = new Map(spans.map((span) => [`${span.first}-${span.last}`, span]));
      [...once.values()].forEach((span, order) => band(ctx, chart, span, order));
      ctx.restore();
    },
    afterDatasetsDraw({ ctx, ...chart }) {
      ctx.save();
      ctx.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
      ctx.fillStyle = css("--chart-ink");
      for (const span of spans) if (span.mean !== null) meanLine(ctx, chart, span, heightOf(span.mean));
      for (const { day, label } of annotations) {
        const place = placeOf(labels, day);
        if (place >= 0) mark(ctx, chart, place, label);
      }
      ctx.restore();
    },
  };
}
