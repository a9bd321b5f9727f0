/** Buttons that copy text: `data-copy="#id"` names an element, `data-copy-text` carries the text itself. */

const SHOWN_MS = 1800;

export function startCopy(root) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-text]");
    if (!button) return;
    const source = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
    const text = button.dataset.copyText ?? source?.value ?? source?.textContent ?? "";
    if (!(await put(text.trim())) && source) select(source);
    else confirm(button);
  });
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Without the clipboard's permission the text is selected, ready for the keyboard. */
function select(source) {
  if (source.select) source.select();
  else getSelection().selectAllChildren(source);
}

function confirm(button) {
  button.dataset.done = "";
  const spoken = button.querySelector("[role=status]");
  if (spoken) spoken.textContent = "Copied";
  setTimeout(() => {
    delete button.dataset.done;
    if (spoken) spoken.textContent = "";
  }, SHOWN_MS);
}
