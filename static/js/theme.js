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
  function show(theme) {
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.classList.toggle("dark-mode", theme === "dark"); // Swagger UI's word for it
    document.dispatchEvent(new CustomEvent("themechange"));
  }
  function apply() {
    show(stored() || (dark.matches ? "dark" : "light"));
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
    show(next);
  });
  apply();
})();
