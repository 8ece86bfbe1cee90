// Draws the split of a change. Without it the table beside it holds the same numbers.
import { composePicture, download } from "../lib/png.js";
import { drawWaterfall } from "../lib/waterfall.js";

for (const figure of document.querySelectorAll("[data-waterfall]")) {
  const area = figure.querySelector("[data-canvas]");
  const data = JSON.parse(document.getElementById(figure.dataset.waterfall).textContent);
  area.hidden = false;
  drawWaterfall(area.querySelector("canvas"), data);
  const button = figure.querySelector("[data-png]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const caption = [...figure.querySelectorAll("figcaption span")].map((part) => part.textContent.trim()).join("  ·  ");
    download(composePicture(area, data, { title: figure.dataset.title, unit: data.axis, caption }), figure.dataset.file);
  });
}
