// Ticket pages: a form sends once, a text that is not saved is not left by accident, and a replacement is asked about.
let isLeaving = false;

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let isChanged = form.dataset.unsaved === "changed";
  form.addEventListener("input", () => { isChanged = true; });
  form.addEventListener("submit", () => { isChanged = false; });
  window.addEventListener("beforeunload", event => {
    if (isChanged && !isLeaving) event.preventDefault();
  });
}

document.addEventListener("submit", event => {
  const question = event.submitter?.dataset.confirm;
  if (event.target.dataset.sent || (question && !window.confirm(question))) {
    event.preventDefault();
    return;
  }
  if (event.target.method !== "post" || event.target.hasAttribute("hx-post")) return;
  event.target.dataset.sent = "yes";
  isLeaving = Boolean(question);
});

// A page that comes back from the browser's history may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
