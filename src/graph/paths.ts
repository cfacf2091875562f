/** One segment of a Graph path: ids may hold `/` and `+`, addresses keep their readable `@`. */
export function segment(value: string): string {
  return encodeURIComponent(value).replaceAll('%40', '@');
}
