// A section of a text that people wrote, which is ours: from its marker to its end mark. What is around it stays as it is.

const END = '<!-- /skein -->'

/** The text with the section in it: where it was, else at the end. */
export function withSection(text: string, marker: string, section: string): string {
  const own = `${marker}\n${section.replaceAll(END, '').replaceAll(marker, '').trim()}\n${END}`
  const start = text.indexOf(marker)
  if (start < 0) return text.trim() === '' ? own : `${text.trimEnd()}\n\n${own}`
  const end = text.indexOf(END, start)
  const next = text.indexOf('<!-- skein:', start + marker.length)
  // Somebody took its end away: what stands there may be theirs.
  const isWhole = end >= 0 && (next < 0 || end < next)
  const until = isWhole ? end + END.length : start + marker.length
  return `${text.slice(0, start)}${own}${text.slice(until)}`
}
