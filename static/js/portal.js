// What every page may use; each part finds its own elements and does nothing where there are none.
for (const button of document.querySelectorAll("[data-theme-switch]")) button.hidden = false;
