// A figure as a picture that can stand alone: title, unit, curves, legend and caption on the page's background.
import { dashOf, wrapText } from "./series.js";

const MARGIN = 24;
const LINE = 20;

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// `area` holds one canvas, or several with headings of their own.
export function composePicture(area, data, { title, unit, caption }) {
  const picture = document.createElement("canvas");
  const pen = picture.getContext("2d");
  const [first] = area.querySelectorAll("canvas");
  const scale = first.width / first.clientWidth;
  const width = area.clientWidth + 2 * MARGIN;
  const family = getComputedStyle(document.body).fontFamily;
  const fonts = { title: `600 16px ${family}`, text: `13px ${family}`, small: `11px ${family}` };

  const lines = (font, text) => {
    pen.font = font;
    return wrapText(text, width - 2 * MARGIN, (part) => pen.measureText(part).width);
  };
  const heading = lines(fonts.title, title);
  const notes = lines(fonts.small, caption);
  const legend = data.panels ? [] : legendRows(pen, fonts.text, data.series.filter((one) => one.inLegend !== false), width - 2 * MARGIN);
  const height = 2 * MARGIN + (heading.length + 1 + legend.length) * LINE + area.clientHeight + notes.length * 16 + LINE;

  picture.width = width * scale;
  picture.height = height * scale;
  pen.scale(scale, scale);
  pen.fillStyle = css("--chart-ground");
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "top";

  let top = MARGIN;
  const write = (font, colour, texts, step) => {
    pen.font = font;
    pen.fillStyle = css(colour);
    for (const text of texts) {
      pen.fillText(text, MARGIN, top);
      top += step;
    }
  };
  write(fonts.title, "--chart-ink", heading, LINE);
  write(fonts.text, "--chart-text", [unit], LINE);
  drawArea(pen, fonts.text, area, top);
  top += area.clientHeight + 8;
  for (const row of legend) {
    for (const entry of row) drawEntry(pen, fonts.text, entry, top);
    top += LINE;
  }
  top += 4;
  write(fonts.small, "--chart-text", notes, 16);
  return picture;
}

// Canvases and headings at the places they have on the page.
function drawArea(pen, font, area, top) {
  const origin = area.getBoundingClientRect();
  const place = (element) => {
    const box = element.getBoundingClientRect();
    return [MARGIN + box.left - origin.left, top + box.top - origin.top];
  };
  for (const canvas of area.querySelectorAll("canvas")) pen.drawImage(canvas, ...place(canvas), canvas.clientWidth, canvas.clientHeight);
  pen.font = font;
  pen.fillStyle = css("--chart-ink");
  for (const heading of area.querySelectorAll("[data-heading]")) pen.fillText(heading.textContent, ...place(heading));
}

function legendRows(pen, font, series, width) {
  const rows = [[]];
  let left = 0;
  pen.font = font;
  for (const one of series) {
    const needed = 34 + pen.measureText(one.label).width + 18;
    if (left && left + needed > width) {
      rows.push([]);
      left = 0;
    }
    rows.at(-1).push({ one, left: MARGIN + left });
    left += needed;
  }
  return rows;
}

function drawEntry(pen, font, { one, left }, top) {
  pen.strokeStyle = css(one.colour ?? `--series-${one.hue}`);
  pen.lineWidth = 3;
  pen.setLineDash(dashOf(one.pattern));
  pen.beginPath();
  pen.moveTo(left, top + 8);
  pen.lineTo(left + 26, top + 8);
  pen.stroke();
  pen.setLineDash([]);
  pen.font = font;
  pen.fillStyle = css("--chart-ink");
  pen.fillText(one.label, left + 34, top);
}

export function download(picture, name) {
  picture.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}
