// Draws the maps of a page when they come into view. Without it legend, table and CSV are there.
import { drawMap } from "../lib/map.js";
import { composePicture, download } from "../lib/png.js";

async function show(figure) {
  const area = figure.querySelector("[data-canvas]");
  const data = JSON.parse(document.getElementById(figure.dataset.map).textContent);
  area.hidden = false;
  await drawMap(area.querySelector("canvas"), data, { onPick: (link) => window.location.assign(link) });
  const button = figure.querySelector("[data-png]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const caption = [...figure.querySelectorAll("figcaption span")].map((part) => part.textContent.trim()).join("  ·  ");
    download(composePicture(area, data, { title: figure.dataset.title, unit: data.axis, caption }), figure.dataset.file);
  });
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    watcher.unobserve(entry.target);
    show(entry.target);
  }
});
for (const figure of document.querySelectorAll("[data-map]")) watcher.observe(figure);
