// Maps: the one file that knows chartjs-chart-geo (window.ChartGeo, a classic script that registers with Chart.js).
const root = document.documentElement;
const ANTARCTICA = "010"; // nobody sends from there, and it takes a fifth of the height
const atlases = new Map();

function css(name) {
  return getComputedStyle(root).getPropertyValue(name).trim();
}

async function featuresOf(url) {
  if (!atlases.has(url)) {
    atlases.set(
      url,
      fetch(url).then(async (answer) => {
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        const atlas = await answer.json();
        return window.ChartGeo.topojson.feature(atlas, atlas.objects.countries).features;
      }),
    );
  }
  return atlases.get(url);
}

// Draw the regions of `data` (apps/portal/maps.py) on a canvas. Follows the theme.
export async function drawMap(canvas, data, { onPick }) {
  const known = new Map(data.regions.map((region) => [region.shape, region]));
  const shapes = (await featuresOf(data.atlas)).filter((feature) => feature.id !== ANTARCTICA);
  const regions = shapes.map((feature) => known.get(feature.id));
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const chart = new window.Chart(canvas, {
    type: "choropleth",
    data: {
      labels: regions.map((region) => region?.label ?? ""),
      datasets: [{ outline: shapes, data: shapes.map((feature) => ({ feature, value: 0 })), ...colours(regions) }],
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      showOutline: false,
      showGraticule: false,
      scales: { projection: { axis: "x", projection: "equalEarth" }, color: { axis: "x", display: false } },
      plugins: {
        legend: { display: false }, // the page has its own
        tooltip: {
          displayColors: false,
          filter: (item) => Boolean(regions[item.dataIndex]),
          callbacks: { label: (item) => `${regions[item.dataIndex].label}: ${regions[item.dataIndex].text}` },
        },
      },
      onHover: (event, active) => {
        event.native.target.style.cursor = regions[active[0]?.index]?.url ? "pointer" : "";
      },
      onClick: (_event, active) => {
        const url = regions[active[0]?.index]?.url;
        if (url) onPick(url);
      },
    },
  });
  document.addEventListener("themechange", () => {
    Object.assign(chart.data.datasets[0], colours(regions));
    chart.update("none");
  });
}

function colours(regions) {
  const none = css("--map-none");
  return {
    backgroundColor: regions.map((region) => (region ? css(region.colour) : none)),
    borderColor: css("--map-line"),
    borderWidth: 0.5,
    hoverBackgroundColor: regions.map((region) => (region ? css(region.colour) : none)),
  };
}
