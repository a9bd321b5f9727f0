const script = document.currentScript;

/** Where players come from: the host of this script, or what its `data-host` names where it was copied. */
export const { origin } = new URL(script?.dataset.host || script?.src || location);
