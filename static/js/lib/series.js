// Arithmetic on the data of a figure, free of the page and of Chart.js, so that `node --test` reaches it.

// Line dashes of the patterns of apps/portal/colours.py, in pixels.
const DASHES = [[], [8, 4], [2, 3]];

export function dashOf(pattern) {
  return DASHES[pattern] ?? [];
}

// Whether the value at `index` has no neighbour to draw a line to, so that it needs a point of its own.
export function isAlone(values, index) {
  const isGap = (at) => values[at] === null || values[at] === undefined;
  return !isGap(index) && isGap(index - 1) && isGap(index + 1);
}

// The link of a series, `/sources/?ports=tcp/23`, narrowed to one bin; "" where a series has none.
export function linkInSpan(url, span) {
  if (!url || !span) return "";
  const [path, query = ""] = url.split("?");
  const kept = new URLSearchParams(query);
  for (const name of ["period", "from", "to"]) kept.delete(name);
  for (const [name, value] of Object.entries(span)) kept.set(name, value);
  return `${path}?${kept}`;
}

// 1811 → 1,811; 404 → 404; 4.4839 → 4.48: as apps/portal/words.py has it.
export function formatNumber(value, language) {
  const isWhole = Number.isInteger(value) || Math.abs(value) >= 100;
  const digits = isWhole ? 0 : 2;
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

// Words into lines no wider than `width`; `measure` tells the width of a text. A word too wide stands alone, and text
// without spaces (Japanese) breaks anywhere.
export function wrapText(text, width, measure) {
  const lines = [];
  let line = "";
  for (const piece of text.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+/g) ?? []) {
    if (line && measure(line + piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else {
      line += piece;
    }
  }
  return line.trim() ? [...lines, line.trimEnd()] : lines;
}

// Where a value lies on a logarithmic axis that begins at zero; a gap stays a gap.
export function heightOf(value) {
  return value === null ? null : Math.log10(1 + value);
}

// The place of a day on an axis of labels that sort by time: of its first bin, else of the last that begins earlier; -1
// where none does.
export function placeOf(labels, day) {
  const own = labels.findIndex((label) => label.startsWith(day));
  return own >= 0 ? own : labels.findLastIndex((label) => label <= day);
}

// A name of at most `length` characters.
export function shortened(text, length) {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text;
}

// The data of each small chart of `data.panels`: its own curves, and the largest value of all, so that axes agree.
export function panelsOf(data) {
  const most = Math.max(0, ...data.series.flatMap((series) => series.values));
  return data.panels.map((_label, panel) => ({
    ...data,
    most,
    series: data.series.filter((series, index) => (series.panel ?? index) === panel),
    windows: (data.windows ?? []).filter((window) => window.panel === undefined || window.panel === panel),
  }));
}

// A round number no smaller than `most` at which an axis may end.
export function roundUp(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= most) * power;
}

// Zero and round numbers up to `most`, at least 1: powers of ten, with 3, 30, … between where they are few.
export function logTicks(most) {
  const steps = most > 1000 ? [1] : [1, 3];
  const ticks = [0];
  for (let power = 1; power <= Math.max(most, 1); power *= 10) {
    ticks.push(...steps.map((step) => step * power).filter((tick) => tick <= Math.max(most, 1)));
  }
  return ticks;
}
