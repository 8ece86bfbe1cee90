// Draws every figure of a page and makes its buttons work, those that the page loads later, too. Without it the table and the CSV
// are there.
import { drawFigure } from "../lib/charts.js";
import { composePicture, download } from "../lib/png.js";

function show(figure, area) {
  area.hidden = false;
  const data = JSON.parse(document.getElementById(figure.dataset.figure).textContent);
  drawFigure(area, data, {
    noData: figure.dataset.noData,
    onPick: (link) => window.location.assign(link),
  });
  const button = figure.querySelector("[data-png]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const title = figure.dataset.title;
    const caption = [...figure.querySelectorAll("figcaption span")].map((part) => part.textContent.trim()).join("  ·  ");
    download(composePicture(area, data, { title, unit: data.axis, caption }), figure.dataset.file);
  });
}

function showAll() {
  for (const figure of document.querySelectorAll("[data-figure]")) {
    const area = figure.querySelector("[data-canvas]");
    if (area?.hidden) show(figure, area);
  }
}

showAll();
document.addEventListener("htmx:load", showAll);
