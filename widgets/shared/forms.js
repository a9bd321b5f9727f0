/** Forms: a second click sends nothing twice, `data-confirm` asks first, `data-submits` sends on change. */

export function startForms(root) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.sent !== undefined) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.target) form.dataset.sent = "";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  root.addEventListener("change", (event) => {
    if (event.target.closest("[data-submits]")) event.target.form?.requestSubmit();
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
}
