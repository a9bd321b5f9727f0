/** The theme, as the page around us may switch it. */
export function theme({ store, answer }) {
  answer({
    theme: ({ theme: chosen }) => {
      document.documentElement.dataset.theme = chosen;
      store.set({ theme: chosen });
    },
  });
}
