/** The way so far when the page is now at `url`: one further, one back, where it was, or there instead. */
export function follow(visited: string[], url: string, replaced = false): string[] {
  if (visited.at(-1) === url) return visited;
  if (replaced) return [...visited.slice(0, -1), url];
  if (visited.at(-2) === url) return visited.slice(0, -1);
  return [...visited, url];
}

/** With its port, as WeChat's menu names a page. */
export function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
