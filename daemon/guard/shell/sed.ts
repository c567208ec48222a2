// Does a script of sed do more than print? `w`, `s///w` and `W` write files, `e` and `s///e` run commands. What is not
// understood is taken to write. Pure.

const SPACE = /[\s;]*/y
/** `1,20`, `/a/I,+3`, `$!`, `0~4`. */
const ADDRESS =
  /(?:(?:\d+(?:~\d+)?|\$|\/(?:\\[\s\S]|\[[^\]]*\]|[^/\\[])*\/[IM]*|\\(.)(?:\\[\s\S]|(?!\1)[^\\])*\1[IM]*)(?:\s*,\s*(?:[+~]?\d+|\$|\/(?:\\[\s\S]|\[[^\]]*\]|[^/\\[])*\/[IM]*))?)?\s*(?:!\s*)*/y
/** Commands that take nothing, or a number. */
const BARE = /(?:[{}=dDgGhHnNpPxzF]|[lLqQ]\s*\d*)/y
/** Text, files to read, and labels. */
const WORDED = /(?:[aic](?:\\\n)?(?:\\[\s\S]|[^\\\n])*|[rR][^\n]*|[btT:][^\n;}]*|#[^\n]*)/y
const CHANGE =
  /s([^\\\n])(?:\\[\s\S]|(?!\1)[^\\])*\1(?:\\[\s\S]|(?!\1)[^\\])*\1[gpiImM\d]*(?=[\s;}#]|$)/y
const TRANSLATE = /y([^\\\n])(?:\\[\s\S]|(?!\1)[^\\])*\1(?:\\[\s\S]|(?!\1)[^\\])*\1/y

export function isPrintingSed(script: string): boolean {
  let at = 0
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const found = pattern.exec(script)
    if (found === null) return false
    at += found[0].length
    return true
  }
  for (take(SPACE); at < script.length; take(SPACE)) {
    take(ADDRESS)
    if (![BARE, WORDED, CHANGE, TRANSLATE].some(take)) return false
  }
  return true
}
