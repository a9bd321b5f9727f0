
const browser = Object.fromEntries(
  (
    "AbortController AbortSignal Blob BroadcastChannel CSS CSSStyleSheet CustomEvent DOMException DOMParser MediaError Element Event EventTarget File FormData " +
    "Headers HTMLElement HTMLIFrameElement Image Intl IntersectionObserver MediaMetadata MessageChannel MessageEvent Node Option Path2D ProgressEvent " +
    "Request ResizeObserver Response URL URLSearchParams XMLHttpRequest Audio HTMLAudioElement HTMLMediaElement cancelAnimationFrame clearInterval clearTimeout " +
    "console crypto customElements devicePixelRatio document fetch isSecureContext getComputedStyle getSelection history localStorage location " +
    "matchMedia navigator performance queueMicrotask requestAnimationFrame requestIdleCallback sessionStorage setInterval " +
    "setTimeout structuredClone self top parent window innerHeight TextEncoder TextDecoder MutationObserver"
  )
    .split(" ")
    .map((name) => [name, "readonly"]),
);

const rules = {
  "array-callback-return": "error",
  "consistent-return": "error",
  "constructor-super": "error",
  "default-case-last": "error",
  "dot-notation": "error",
  eqeqeq: ["error", "always", { null: "ignore" }],
  "for-direction": "error",
  "getter-return": "error",
  "max-lines": ["error", 400],
  "no-async-promise-executor": "error",
  "no-caller": "error",
  "no-cond-assign": "error",
  "no-console": "error",
  "no-const-assign": "error",
  "no-constant-condition": ["error", { checkLoops: false }],
  "no-debugger": "error",
  "no-dupe-args": "error",
  "no-dupe-class-members": "error",
  "no-dupe-else-if": "error",
  "no-dupe-keys": "error",
  "no-duplicate-case": "error",
  "no-duplicate-imports": "error",
  "no-else-return": "error",
  "no-empty": ["error", { allowEmptyCatch: true }],
  "no-eval": "error",
  "no-extend-native": "error",
  "no-fallthrough": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-param-reassign": "error",
  "no-prototype-builtins": "error",
  "no-redeclare": "error",
  "no-script-url": "error",
  "no-self-assign": "error",
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-sparse-arrays": "error",
  "no-throw-literal": "error",
  "no-undef": "error",
  "no-unreachable": "error",
  "no-unsafe-finally": "error",
  "no-unsafe-optional-chaining": "error",
  "no-unused-expressions": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
  "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
  "no-useless-return": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "use-isnan": "error",
  "valid-typeof": "error",
  // textContent only: markup is never made from text.
  "no-restricted-properties": [
    "error",
    { property: "innerHTML", message: "Use textContent or DOM nodes." },
    { property: "outerHTML", message: "Use textContent or DOM nodes." },
    { property: "insertAdjacentHTML", message: "Use DOM nodes." },
    { object: "document", property: "write" },
  ],
};

export default [
  { ignores: ["**/node_modules/**", "**/loader/releases/**"] },
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules,
  },
  {
    // The loader is built into one classic script for a stranger's page.
    files: ["**/loader/*.js"],
    rules: { "no-console": ["error", { allow: ["warn"] }] },
  },
  {
    // The worker of an app's page lives outside of any window.
    files: ["**/public/shell-worker.js"],
    languageOptions: { globals: { caches: "readonly" } },
  },
  {
    // Only the media module touches audio: state goes down, wishes come up.
    files: ["**/player/elements/**/*.js"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["**/media.js", "**/media"] }],
    },
  },
  {
    files: ["**/*.test.js", "**/tests/**/*.js"],
    languageOptions: { globals: { process: "readonly", URL: "readonly" } },
  },
];
