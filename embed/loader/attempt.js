/** Run something for the page; what goes wrong is said on the console and nowhere else. */
export function attempt(action) {
  try {
    return action();
  } catch (error) {
    return console.warn(error);
  }
}
