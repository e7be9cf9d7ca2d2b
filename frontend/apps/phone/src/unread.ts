/** How many messages came after the one that was seen last. When that is gone, the simulator has begun anew. */
export function unread(messages: { msgid: number }[], seen: number | undefined): number {
  const at = messages.findIndex(({ msgid }) => msgid === seen);
  return messages.length - 1 - at;
}

/** What has just come, when it is known what was there before. */
export function arrived<T extends { msgid: number }>(before: T[] | undefined, now: T[]): T | undefined {
  const last = now.at(-1);
  return before?.some(({ msgid }) => msgid === last?.msgid) === false ? last : undefined;
}
