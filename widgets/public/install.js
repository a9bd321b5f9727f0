/** An app's page as an installed app: its worker keeps the shell, and a button shows when the browser offers to install. */

export function startInstall(root) {
  const head = root.querySelector("[data-shell]");
  if (!head) return;
  const { shell, shellScope: scope } = head.dataset;
  if ("serviceWorker" in navigator && isSecureContext) {
    navigator.serviceWorker.register(shell, { scope }).catch(() => {
      // Private windows may refuse workers: the page needs none.
    });
  }
  const button = root.querySelector("[data-install]");
  if (!button) return;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.addEventListener(
      "click",
      async () => {
        button.hidden = true;
        await event.prompt();
      },
      { once: true },
    );
  });
  window.addEventListener("appinstalled", () => {
    button.hidden = true;
  });
}
