// Runs before the first paint, so that a stored or preferred theme never flashes in the wrong colours.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off
    }
  }
  function apply() {
    document.documentElement.dataset.bsTheme = stored() || (dark.matches ? "dark" : "light");
    document.dispatchEvent(new CustomEvent("themechange"));
  }
  dark.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", next);
    } catch {
      // the choice then lasts for this page only
    }
    document.documentElement.dataset.bsTheme = next;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  apply();
})();
