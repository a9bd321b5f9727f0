/** A message with its `{placeholders}` filled. */
export const say = (message, values) => message.replace(/{(\w+)}/g, (_, name) => values[name]);
